"""Rotation of the players' joint gradient field: do they circle?"""

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from ...games.game import Player
from .base import GameState, Values
from .gradients import norm

Field = dict[Tensor, Tensor]  # by parameter


def rotation(state: GameState) -> Values:
    """How much the players' joint gradient field turns: 0 degrees for descent of one loss, 90 for circling.

    The field v stacks each player's gradient of its own loss, on one play; J is its Jacobian. In the direction u of v
    itself, `real` is u J u, the Rayleigh quotient of the symmetric part S of J, `imaginary` is |A u|, A the
    antisymmetric part, and `angle` is that of (|S u|, |A u|), in degrees. In a bilinear game J is antisymmetric, its
    eigenvalues are imaginary, and simultaneous descent spirals outward; in a sum of losses that do not meet it is
    symmetric. `real` below 0: |v| grows along the way. Of raw gradients, independent of the optimizers (Mescheder et
    al. 2017; Mescheder et al. 2018). Absent with a single player.
    """
    if len({player.optimizer for player in state.game.players}) < 2:
        return {}
    players = [player for player in state.game.players if player.turns_at(state.play(0).step)]
    everyone = Player("everyone", tuple(dict.fromkeys(name for p in players for name in p.networks)), players[0].loss)
    if not (field := unit(_field(state, players))):
        return {}
    with state.game.only(everyone):
        along, against = products(state, players, field)
    symmetric = [(along[p] + against[p]) / 2 for p in field]
    turning = [(along[p] - against[p]) / 2 for p in field]
    return {
        "real": sum(float((field[p] * s).sum()) for p, s in zip(field, symmetric, strict=True)),
        "imaginary": norm(turning),
        "angle": math.degrees(math.atan2(norm(turning), norm(symmetric))),
    }


def unit(field: Field) -> Field:
    """The field scaled to norm one; empty if its norm is zero or not finite."""
    length = norm(list(field.values()))
    return {p: v / length for p, v in field.items()} if 0 < length < math.inf else {}


def products(state: GameState, players: list[Player], u: Mapping[Tensor, Tensor]) -> tuple[Field, Field]:
    """J u and J^T u, for a direction u of all parameters, from one pass over each player's loss.

    A player's rows of J u are the gradient, with respect to its parameters, of the derivative of its loss along u; its
    part of J^T u is the gradient, with respect to all, of the derivative of its loss along its own part of u.
    """
    along, against = ({p: torch.zeros_like(p) for p in u} for _ in range(2))
    everything = list(u)
    for player in players:
        own = state.game.parameters(player)
        loss = torch.stack(list(player.loss(state.play(0)).values())).sum()
        first = torch.autograd.grad(loss, everything, create_graph=True, materialize_grads=True)
        gradients = dict(zip(everything, first, strict=True))
        for target, directions, variables in ((along, everything, own), (against, own, everything)):
            derivative = sum((gradients[p] * u[p]).sum() for p in directions)
            if isinstance(derivative, Tensor) and derivative.requires_grad:
                second = torch.autograd.grad(derivative, variables, retain_graph=True, materialize_grads=True)
                for parameter, part in zip(variables, second, strict=True):
                    target[parameter] += part
    return along, against


def _field(state: GameState, players: list[Player]) -> Field:
    """For each parameter, the sum of the gradients of the players that update it."""
    field: Field = {}
    for player in players:
        for parameter, gradient in zip(state.game.parameters(player), state.gradients[player.name], strict=True):
            field[parameter] = field[parameter] + gradient if parameter in field else gradient
    return field
