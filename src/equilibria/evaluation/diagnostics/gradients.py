"""Gradients, weights and steps of each player, and the averaged generator."""

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor, nn

from .base import GameState, Gradients, Values

_PARAMETRIZED = ".parametrizations.weight.original"  # of weight norm and spectral norm


def gradients(state: GameState) -> Values:
    """Norms of the gradients of each layer's weights, input to output: do they explode or vanish on the way?

    Of the loss of the first player that updates the network, on one play, by network and layer (the experiment of
    Gulrajani et al. 2017, figure 1b, with weights in place of activations). `norm` is of the whole network's gradient,
    `players` is of each player's, over all its networks: a generator whose norm goes to 0 has nothing to learn from
    (Arjovsky and Bottou 2017, theorem 2.4).
    """
    owners = {name: player for player in reversed(state.game.players) for name in player.networks}
    values, norms = dict[str, object](), dict[str, float]()
    for name, network in state.game.networks.items():
        if name not in owners:
            continue
        player = owners[name]
        by_id = dict(zip(map(id, state.game.parameters(player)), state.gradients[player.name], strict=True))
        if layers := dict(_layers(network, by_id)):
            values[name] = layers
        norms[name] = norm([by_id[id(parameter)] for parameter in network.parameters()])
    return values | {"norm": norms, "players": {name: norm(each) for name, each in state.gradients.items()}}


def norm(tensors: Sequence[Tensor]) -> float:
    """The Euclidean norm of all values together."""
    return float(torch.stack(torch._foreach_norm([t.detach() for t in tensors])).norm()) if tensors else 0.0


def _layers(network: nn.Module, gradients: Mapping[int, Tensor]) -> Iterator[tuple[str, float]]:
    """The layers that have a matrix or filters, in order, the head last, and the norms of their weights' gradients."""
    for name, parameter in sorted(network.named_parameters(), key=lambda named: "head" in named[0].split(".")):
        if parameter.ndim >= 2:
            layer = name.partition(_PARAMETRIZED)[0].removesuffix(".weight")
            yield layer, float(gradients[id(parameter)].norm())


@torch.no_grad()
def average(state: GameState) -> Values:
    """The averaged generator's distance from the current one, in weights and in samples.

    `gap` is the norm of the difference of their weights over that of the current ones, `output` is the root mean square
    difference of their samples from the same latents over the std of the current generator's samples: near the root of
    two the average is of another model.
    """
    if "generator" not in state.averaged:
        return {}
    current, averaged = state.game.networks["generator"], state.averaged["generator"]
    weights, averages = list[Tensor](current.parameters()), list[Tensor](averaged.parameters())
    play = state.play(0)
    samples, others = play.fake, averaged(play.z, play.y)
    std = (samples - samples.mean(dim=0)).square().mean().sqrt()
    return {
        "gap": norm(torch._foreach_sub(averages, weights)) / max(norm(weights), 1e-12),
        "output": float((others - samples).square().mean().sqrt() / std.clamp(min=1e-12)),
    }


def steps(state: GameState) -> Values:
    """The cosine of each player's step with minus its gradient: 1 for plain descent, below 0 uphill.

    Of the step that the optimizer, with its moments, would take along the gradient on one play. A critic whose cosine
    turned negative was the reason to give up momentum (Arjovsky et al. 2017, section 4).
    """
    return {name: cosine(step, state.gradients[name]) for name, step in state.steps.items()}


def strides(state: GameState) -> Values:
    """The length of each player's step relative to the norm of its weights: are the players equally fast?"""
    weights = {player.name: list(state.game.parameters(player)) for player in state.game.players}
    return {name: norm(step) / max(norm(weights[name]), 1e-12) for name, step in state.steps.items()}


def cosine(step: Gradients, gradients: Gradients) -> float | None:
    """Of a step with minus a gradient; None where either is zero."""
    along = -sum(float((a * b).sum()) for a, b in zip(step, gradients, strict=True))
    norms = norm(step) * norm(gradients)
    return max(-1.0, min(1.0, along / norms)) if norms > 0 else None


def weights(state: GameState) -> Values:
    """The norm of each network's weights: steady growth means that nothing bounds them."""
    return {name: norm(list(network.parameters())) for name, network in state.game.networks.items()}
