"""Where all players would go if the joint gradient v should vanish, too (Mescheder et al. 2017)."""

from collections.abc import Sequence
from itertools import chain, islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.processes import average
from ..games.game import Player
from .moves import Gradients, Players, draw, score, taken

if TYPE_CHECKING:
    from .run import Run


def agreed(run: "Run", players: Players, weight: float) -> list[Gradients]:
    """Each player's v + weight grad |v|^2 / 2, on one draw."""
    owned = [run.game.parameters(player) for player in players]
    with run.game.only(_everybody(players)):
        play = draw(run)
        run.draws += 1
        field = [
            torch.autograd.grad(score(run, player, play), parameters, create_graph=True, materialize_grads=True)
            for player, parameters in zip(players, owned, strict=True)
        ]
        pulls = list(zip(chain(*owned), chain(*field), strict=True))
        v = [torch.empty_like(parameter).copy_(gradient.detach()) for parameter, gradient in pulls]
        average(v)
        slopes = _slopes(pulls, v)
    for gradient, (parameter, _) in zip(v, pulls, strict=True):
        if (slope := slopes.pop(parameter, None)) is not None:  # once, even if several players move it
            gradient.add_(slope, alpha=weight)
    rest = iter(v)
    return [list(islice(rest, len(parameters))) for parameters in owned]


def _slopes(pulls: Sequence[tuple[Tensor, Tensor]], v: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """The gradient of |v|^2 / 2: the Jacobian of this process's pulls, transposed, times the mean v; its mean."""
    joint: dict[Tensor, Tensor] = {}
    for (parameter, _), gradient in zip(pulls, v, strict=True):
        joint[parameter] = joint[parameter] + gradient if parameter in joint else gradient
    bent = [(pull, joint[parameter]) for parameter, pull in pulls if pull.requires_grad]
    if bent:
        torch.autograd.backward([pull for pull, _ in bent], [weight for _, weight in bent], inputs=list(joint))
    slopes = {p: slope for p, slope in zip(joint, taken(list(joint)), strict=True) if slope is not None}
    average(list(slopes.values()))
    return slopes


def _everybody(players: Players) -> Player:
    """One who moves all that any of them moves."""
    networks = dict.fromkeys(name for player in players for name in player.moves)
    return Player("everybody", tuple(networks), players[0].loss)
