"""Whether players go round each other rather than anywhere."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...games.game import Player
from .base import GameState, Values
from .gradients import size

Field = dict[Tensor, Tensor]  # by parameter


def rotation(state: GameState) -> Values:
    """How much of the players' joint gradient field turns: 0 degrees where all descend one hill, 90 where they circle.

    The field v stacks each player's gradient of its own loss, on one play; J is its Jacobian. In the direction u of v
    itself, `real` is u J u, the Rayleigh quotient of the symmetric part S of J, `imaginary` is |A u|, A the
    antisymmetric part, and `angle` is that of (|S u|, |A u|), in degrees. In a bilinear game J is antisymmetric, its
    eigenvalues are imaginary, and simultaneous descent spirals outward; in a sum of losses that do not meet it is
    symmetric. `real` below 0: |v| grows along the way. Of raw gradients, whatever the optimizers make of them
    (Mescheder et al. 2017; Mescheder et al. 2018). Absent where a single player moves.
    """
    if len({player.optimizer for player in state.game.players}) < 2:
        return {}
    players = [player for player in state.game.players if player.turns_at(state.play(0).step)]
    everybody = Player("everybody", tuple(dict.fromkeys(name for p in players for name in p.networks)), players[0].loss)
    if not (field := directed(_field(state, players))):
        return {}
    with state.game.only(everybody):
        along, against = products(state, players, field)
    symmetric = [(along[p] + against[p]) / 2 for p in field]
    turning = [(along[p] - against[p]) / 2 for p in field]
    return {
        "real": sum(float((field[p] * s).sum()) for p, s in zip(field, symmetric, strict=True)),
        "imaginary": size(turning),
        "angle": math.degrees(math.atan2(size(turning), size(symmetric))),
    }


def directed(field: Field) -> Field:
    """The same at length one; nothing of a field that vanishes."""
    length = size(list(field.values()))
    return {p: v / length for p, v in field.items()} if 0 < length < math.inf else {}


def products(state: GameState, players: list[Player], u: Mapping[Tensor, Tensor]) -> tuple[Field, Field]:
    """J u and J^T u, for the direction u of all parameters, from one pass over each player's loss.

    A player's rows of J u are the gradient, with respect to what it moves, of the slope of its loss along u; its part
    of J^T u is the gradient, with respect to all, of the slope of its loss along its own part of u.
    """
    along, against = ({p: torch.zeros_like(p) for p in u} for _ in range(2))
    everything = list(u)
    for player in players:
        own = state.game.parameters(player)
        slopes = dict(zip(everything, _gradients(state, player, everything), strict=True))
        for target, directions, variables in ((along, everything, own), (against, own, everything)):
            slope = sum((slopes[p] * u[p]).sum() for p in directions)
            if isinstance(slope, Tensor) and slope.requires_grad:
                bent = torch.autograd.grad(
                    slope, variables, retain_graph=True, materialize_grads=True, allow_unused=True
                )
                for parameter, more in zip(variables, bent, strict=True):
                    target[parameter] += more
    return along, against


def _field(state: GameState, players: list[Player]) -> Field:
    """The sum of the gradients of whoever moves each parameter."""
    field: Field = {}
    for player in players:
        for parameter, pull in zip(state.game.parameters(player), state.gradients[player.name], strict=True):
            field[parameter] = field[parameter] + pull if parameter in field else pull
    return field


def _gradients(state: GameState, player: Player, parameters: list[Tensor]) -> tuple[Tensor, ...]:
    """Of a player's loss on the first play, with a graph of their own."""
    loss = torch.stack(list(player.loss(state.play(0)).values())).sum()
    return torch.autograd.grad(loss, parameters, create_graph=True, materialize_grads=True, allow_unused=True)
