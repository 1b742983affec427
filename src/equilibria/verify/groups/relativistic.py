"""Identities of the relativistic losses (Jolicoeur-Martineau 2019)."""

import math
from functools import partial

import torch

from ...terms.divergences import DIVERGENCES
from ..claims import Claim, below, equals
from ..scenes.population import density, estimate, line

_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)
_SOURCE = "Jolicoeur-Martineau 2019"


def claims() -> list[Claim]:
    """Exchange, differences, what the paired one measures, and the averaged one by hand."""
    names = [name for name in ("relativistic", "relativistic_average") if name in DIVERGENCES]
    exchanged = "the generator's loss is the critic's, real and fake exchanged"
    plane = "relativistic: the best estimate less JS(p x q, q x p), by quadrature in the plane"
    apart = "relativistic: on disjoint supports the estimate is log 2"
    hand = "relativistic_average: real against the mean of fake, fake against that of real, by hand"
    return [
        *(below(f"{name}: {exchanged}", _SOURCE, partial(_exchange, name), 1e-12, name) for name in names),
        *(below(f"{n}: only differences of scores count", _SOURCE, partial(_shift, n), 1e-12, n) for n in names),
        equals(plane, _SOURCE, _gap, 0, 1e-6, "relativistic"),
        equals(apart, _SOURCE, _apart, math.log(2), 1e-9, "relativistic"),
        *(below(hand, _SOURCE, _by_hand, 1e-9, name) for name in names if name == "relativistic_average"),
    ]


def _exchange(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.generator(real, fake) - divergence.critic(fake, real)).abs().max())


def _shift(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.critic(real + 3, fake + 3) - divergence.critic(real, fake)).abs().max())


def _gap() -> float:
    """The best critic's estimate, less the Jensen-Shannon divergence of the two orders of a pair."""
    x = line(600)
    p, q, step = density(x), density(x, 1.0), x[1] - x[0]
    one, other = p[:, None] * q, q[:, None] * p
    middle = (one + other) / 2
    divergence = float((torch.xlogy(one, one / middle) + torch.xlogy(other, other / middle)).sum() * step**2) / 2
    return estimate(DIVERGENCES["relativistic"](), lambda x: 0.5 - x, 600) - divergence


def _apart() -> float:
    relativistic = DIVERGENCES["relativistic"]()
    assert relativistic.estimate is not None
    return relativistic.estimate(float(relativistic.critic(torch.full((8,), 30.0), torch.full((8,), -30.0)).mean()))


def _by_hand() -> float:
    """Three scores a side, the formula spelled out."""
    real, fake = [0.5, 2.0, -1.0], [1.0, -3.0, 0.0]
    centers = sum(real) / 3, sum(fake) / 3
    want = [
        math.log1p(math.exp(centers[1] - r)) + math.log1p(math.exp(f - centers[0]))
        for r, f in zip(real, fake, strict=True)
    ]
    sides = (torch.tensor(side, dtype=torch.float64) for side in (real, fake))
    got = DIVERGENCES["relativistic_average"]().critic(*sides)
    return float((got - torch.tensor(want, dtype=torch.float64)).abs().max())
