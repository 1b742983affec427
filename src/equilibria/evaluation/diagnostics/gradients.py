"""Gradients, weights and steps of each player, and the averaged generator."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from ...games.play import Play
from .base import GameState, Gradients, Values

_PARAMETRIZED = ".parametrizations.weight.original"  # of weight norm and spectral norm


def gradients(state: GameState) -> Values:
    """Norms of the gradients of each layer's weights, input to output: do they explode or vanish on the way?

    Of the loss of the first player in playing order who moves the network, on one play, by network and layer (the
    experiment of Gulrajani et al. 2017, figure 1b, with weights in place of activations). `norm` is of the whole
    network's gradient, `players` is of each player's, whatever it moves: a generator's that goes to 0 has nothing to
    learn from (Arjovsky and Bottou 2017, theorem 2.4).
    """
    movers = {name: player for player in reversed(state.game.players) for name in player.networks}
    found, norms = dict[str, object](), dict[str, float]()
    for name in state.game.networks:
        if name not in movers:
            continue
        player = movers[name]
        pulled = dict(zip(map(id, state.game.parameters(player)), state.gradients[player.name], strict=True))
        network = state.game.networks[name]
        if layers := dict(_layers(network, pulled)):
            found[name] = layers
        norms[name] = size([pulled[id(parameter)] for parameter in network.parameters()])
    players = {name: size(pulls) for name, pulls in state.gradients.items()}
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


@torch.no_grad()
def average(state: GameState) -> Values:
    """The averaged generator's distance from the playing one, in weights and in what it draws.

    `gap` is the norm of the difference of their weights over that of the playing one's, `output` is the root mean
    square difference of their samples from the same latents over the deviation of the playing one's samples: where it
    is near the root of two, an average remembers another model.
    """
    if "generator" not in state.averaged:
        return {}
    fast, slow = state.game.networks["generator"], state.averaged["generator"]
    playing, lagging = list[Tensor](fast.parameters()), list[Tensor](slow.parameters())
    play = state.play(0)
    drawn = play.fake
    kept = _drawn(state.averaged, play)
    spread = (drawn - drawn.mean(dim=0)).square().mean().sqrt()
    return {
        "gap": size(torch._foreach_sub(lagging, playing)) / max(size(playing), 1e-12),
        "output": float((kept - drawn).square().mean().sqrt() / spread.clamp(min=1e-12)),
    }


def _drawn(networks: nn.ModuleDict, play: Play) -> Tensor:
    """What these networks make of the latents of a play: (B, *sample)."""
    return networks["generator"](play.z, play.y)


def steps(state: GameState) -> Values:
    """The cosine of each player's step with minus its gradient: 1 for plain descent, below 0 uphill.

    Of the step that the optimizer, with the moments it has, would take along the gradient on one play. A critic whose
    cosine turned negative was the reason to give up momentum (Arjovsky et al. 2017, section 4).
    """
    return {name: cosine(step, state.gradients[name]) for name, step in state.steps.items()}


def strides(state: GameState) -> Values:
    """How far each player's step takes its weights, as a share of their norm: are the players equally fast?"""
    owned = {player.name: list(state.game.parameters(player)) for player in state.game.players}
    return {name: size(step) / max(size(owned[name]), 1e-12) for name, step in state.steps.items()}


def cosine(step: Gradients, pulls: Gradients) -> float | None:
    """Of a step with minus a gradient; None where either is zero."""
    along = -sum(float((a * b).sum()) for a, b in zip(step, pulls, strict=True))
    norms = size(step) * size(pulls)
    return max(-1.0, min(1.0, along / norms)) if norms > 0 else None


def weights(state: GameState) -> Values:
    """The norm of each network's weights: steady growth without a bound says that nobody holds them."""
    return {name: size(list(network.parameters())) for name, network in state.game.networks.items()}
