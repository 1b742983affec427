"""What a penalty asks of a critic that is a straight line, as a law: weight, target, power."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.randomness import reseed
from ...terms.penalties import Duel, Penalty
from ..scenes.critics import evenly, straight

Maker = Callable[[], Penalty]
ONE_NUMBER = (1, 1, 1)  # a sample in which whole, pixel and channel are the same


@dataclass(frozen=True)
class Law:
    """The price of a slope."""

    words: str
    weight: float
    price: Callable[[float], float]


def cost(make: Maker, direction: Tensor, count: int = 1) -> float:
    """What a straight critic pays in the mean, before `count` equal samples."""
    samples = torch.zeros(count, *direction.shape, dtype=torch.float64)
    reseed(0)
    return float(make()(Duel(straight(direction), (samples,), (samples.clone(),))).mean().detach())


def law_of(make: Maker) -> Law | None:
    """The law that fits one sample of one number, or None: then the price is not one of slopes alone."""
    paid = {slope: cost(make, evenly(slope, ONE_NUMBER)) for slope in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)}
    fits = (law for law in (_around(paid), _above(paid), _power(paid)) if law is not None)
    return next(
        (law for law in fits if all(abs(law.price(s) - c) < 1e-6 * (1 + abs(c)) for s, c in paid.items())), None
    )


def _around(paid: dict[float, float]) -> Law | None:
    """weight (slope - target)^2."""
    weight = (paid[0.0] - 2 * paid[1.0] + paid[2.0]) / 2
    if weight <= 0 or paid[0.0] <= 0:
        return None
    target = (paid[0.0] / weight) ** 0.5
    return Law(f"(slope - {target:.3g})^2", weight, lambda s: weight * (s - target) ** 2)


def _above(paid: dict[float, float]) -> Law | None:
    """weight (slope - target)^2 for steeper slopes only."""
    if min(paid[2.0], paid[3.0]) <= 0 or paid[0.0] > 0 or paid[0.5] > 0:
        return None
    root = paid[3.0] ** 0.5 - paid[2.0] ** 0.5
    target = 3 - paid[3.0] ** 0.5 / root if root > 0 else 0.0
    return Law(f"(slope - {target:.3g})^2 above it", root**2, lambda s: root**2 * max(s - target, 0.0) ** 2)


def _power(paid: dict[float, float]) -> Law | None:
    """weight slope^power."""
    if paid[0.0] > 1e-12 or min(paid[1.0], paid[2.0]) <= 0:
        return None
    weight, power = paid[1.0], float(torch.tensor(paid[2.0] / paid[1.0]).log2())
    return Law(f"slope^{power:.3g}", weight, lambda s: weight * s**power)
