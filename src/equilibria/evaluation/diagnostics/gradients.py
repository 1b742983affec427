"""How strongly each layer is pulled."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from .base import Scene, Seen

_PARAMETRIZED = ".parametrizations.weight.original"  # of weight norm and spectral norm


def gradients(scene: Scene) -> Seen:
    """Norms of the gradients of each layer's weights, input to output: do they explode or vanish on the way?

    Of the loss of the first player in playing order who moves the network, on one play, by network and layer (the
    experiment of Gulrajani et al. 2017, figure 1b, with weights in place of activations). `norm` is of the whole
    network's gradient, `players` is of each player's, whatever it moves: a generator's that goes to 0 has nothing to
    learn from (Arjovsky and Bottou 2017, theorem 2.4).
    """
    movers = {name: player for player in reversed(scene.game.players) for name in player.moves}
    found, norms = dict[str, object](), dict[str, float]()
    for name in scene.game.networks:
        if name not in movers:
            continue
        player = movers[name]
        pulled = dict(zip(map(id, scene.game.parameters(player)), scene.pulls[player.name], strict=True))
        network = scene.game.networks[name]
        if layers := dict(_layers(network, pulled)):
            found[name] = layers
        norms[name] = size([pulled[id(parameter)] for parameter in network.parameters()])
    players = {name: size(pulls) for name, pulls in scene.pulls.items()}
    return found | {"norm": norms, "players": players}


def size(tensors: Sequence[Tensor]) -> float:
    """The Euclidean norm of all numbers together."""
    return float(torch.stack(torch._foreach_norm([t.detach() for t in tensors])).norm()) if tensors else 0.0


def _layers(network: nn.Module, pulled: Mapping[int, Tensor]) -> Iterator[tuple[str, float]]:
    """The layers that have a matrix or filters, in order, the head last, and the norms of their weights' gradients."""
    for name, parameter in sorted(network.named_parameters(), key=lambda named: "head" in named[0].split(".")):
        if parameter.ndim >= 2:
            layer = name.partition(_PARAMETRIZED)[0].removesuffix(".weight")
            yield layer, float(pulled[id(parameter)].norm())
