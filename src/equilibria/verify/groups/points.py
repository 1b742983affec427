"""The best critic between two point masses, in closed form and trained."""

from functools import cache, partial

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ...terms.gradients import input_gradient
from ...terms.penalties import PENALTIES, Duel, Penalty
from ..claims import Claim, equals
from ..scenes.fits import Wave, follow

_GP, _DIV = "Gulrajani et al. 2017", "Wu et al. 2018"


def claims() -> list[Claim]:
    """WGAN-GP: slope 1 + d/(2 lambda). WGAN-div (k, p): slope (d/(k p))^(1/(p-1)), penalty / gap = 1/p."""
    found = list[Claim]()
    for weight in (1.0, 10.0):
        penalty = ("gradient_penalty", ("weight", weight))
        for what, expected in (("slope", 1 + 1 / (2 * weight)), ("gap", 1 + 1 / (2 * weight))):
            sentence = f"gradient_penalty: {what} between two points, one apart, at lambda = {weight:g}"
            how = partial(measured, what, *penalty)
            found.append(equals(sentence, _GP, how, expected, 0.02 * expected, "gradient_penalty"))
    for distance in (0.5, 1.0, 2.0):
        slope = (distance / 12) ** 0.2
        for what, expected, within in (("slope", slope, 0.02 * slope), ("share", 1 / 6, 0.02)):
            words = "slope" if what == "slope" else "penalty / gap"
            sentence = f"divergence_penalty: {words} between two points, {distance:g} apart (k = 2, p = 6)"
            how = partial(measured, what, "divergence_penalty", distance=distance)
            found.append(equals(sentence, _DIV, how, expected, within, "divergence_penalty"))
    return found


def measured(what: str, name: str, *options: tuple[str, float], distance: float = 1.0) -> float:
    """The slope, the gap, or the penalty's share in the gap."""
    return settled(name, options, distance)[what]


@cache
def settled(name: str, options: tuple[tuple[str, float], ...], distance: float) -> dict[str, float]:
    """What a network of two layers has come to."""
    torch.manual_seed(0)
    critic, penalty = Wave(1, 64), PENALTIES[name](**dict(options))
    real, fake = torch.full((32, 1), distance, dtype=torch.float64), torch.zeros(32, 1, dtype=torch.float64)

    def loss() -> Tensor:
        divergence, price = _parts(critic, penalty, real, fake)
        return divergence + price

    follow(critic.parameters(), loss, 500)
    divergence, price = _parts(critic, penalty, real, fake)
    way = torch.linspace(0, distance, 33, dtype=torch.float64)[:, None]
    slope = input_gradient(critic, (way,)).abs().mean()
    return {
        "slope": float(slope.detach()),
        "gap": -float(divergence.detach()),
        "share": -float((price / divergence).detach()),
    }


def _parts(critic: Wave, penalty: Penalty, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    duel = Duel(critic, (real,), (fake,))
    price = penalty(duel).mean()
    return DIVERGENCES["wasserstein"]().critic(*duel.scores).mean(), price
