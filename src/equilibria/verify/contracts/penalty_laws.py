"""Laws of penalties: values, per-sample norms, where the gradient is taken."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.seeding import reseed
from ...terms.penalties import Duel, Penalty
from ..claims import Answer
from ..toys.critics import IMAGE, SIZES, evenly, straight
from .base import no, number, yes

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


def one_slope(make: Maker) -> Answer:
    """A slope costs the same in whatever direction it points: its size is over all numbers of a sample."""
    if (law := law_of(make)) is None:
        return yes("not a law of slopes")
    for slope in (1.0, 2.0):
        want = law.price(slope)
        paid = {words: cost(make, slope * direction) for words, direction in _directions().items()}
        words = max(paid, key=lambda w: abs(paid[w] - want))
        if abs(paid[words] - want) > 1e-6 * (1 + abs(want)):
            kind = (
                "one norm for each pixel, over its channels alone" if _is_per_pixel(paid) else "not the sample's norm"
            )
            return no(
                number(paid[words]),
                f"{kind}: on samples of shape {IMAGE} a critic of slope {number(slope)} {words} pays "
                f"{number(paid[words])} at weight {number(law.weight)}; it should pay {number(want)}, as one on single "
                f"numbers does.",
            )
    return yes("all alike")


def every_batch(make: Maker) -> Answer:
    """A critic of one slope pays the same at every batch size."""
    law = law_of(make)
    direction = evenly(1.0, ONE_NUMBER)
    for slope in (1.0, 2.0):
        want = cost(make, slope * direction)
        for count in reversed(SIZES):
            paid = cost(make, slope * direction, count)
            if abs(paid - want) > 1e-6 * (1 + abs(want)):
                weight = "" if law is None else f" and weight {number(law.weight)}"
                return no(
                    number(paid),
                    f"{_diagnosis(make, slope, count, paid)}: a critic of slope {number(slope)} pays {number(paid)} at "
                    f"batch {count}{weight}; it should pay {number(want)}.",
                )
    return yes("the same")


def _diagnosis(make: Maker, slope: float, count: int, paid: float) -> str:
    """What would charge this much: a slope as long as all slopes of the batch together, or a sum."""
    alone = cost(make, evenly(slope, ONE_NUMBER))
    together = cost(make, evenly(slope * count**0.5, ONE_NUMBER))
    causes = {
        "one norm over the whole batch": together,
        "summed over the batch": alone * count,
        "divided by the batch size once too often": alone / count,
        "averaged slopes, then one norm": cost(make, evenly(slope / count**0.5, ONE_NUMBER)),
    }
    fitting = (cause for cause, price in causes.items() if abs(price - paid) < 1e-6 * (1 + abs(paid)))
    return next(fitting, "the price depends on the batch size")


def _directions() -> dict[str, Tensor]:
    """Slopes of one: (*IMAGE) each."""
    single, pixel, channel = (torch.zeros(IMAGE, dtype=torch.float64) for _ in range(3))
    single[0, 0, 0] = 1
    pixel[:, 0, 0] = IMAGE[0] ** -0.5
    channel[0] = (IMAGE[1] * IMAGE[2]) ** -0.5
    return {"spread evenly": evenly(1.0), "in one number": single, "in one pixel": pixel, "in one channel": channel}


def _is_per_pixel(paid: dict[str, float]) -> bool:
    """Whether channels are joined and pixels are not."""
    return abs(paid["in one number"] - paid["in one pixel"]) < 1e-6 * (1 + abs(paid["in one pixel"]))


_COUNT = 64


def one_share_a_sample(make: Maker) -> Answer:
    """Points between real and fake lie on the segments that join them: one coefficient for each sample."""
    found = shares(make)
    if found is None:
        return yes("not between")
    if float((found - found[:, :1]).abs().max()) > 1e-6:
        return no(
            "one a pixel",
            f"one interpolation coefficient for each pixel: a single sample is taken from {number(found[0].min())} to "
            f"{number(found[0].max())} of the way from real to fake at once; one coefficient a sample keeps it on the "
            f"segment.",
        )
    if float(found.std()) < 1e-6:
        return no(
            "one a batch",
            f"one interpolation coefficient for the whole batch: all {_COUNT} samples are met "
            f"{number(found[0, 0])} of the way from real to fake; each needs its own.",
        )
    return yes("one a sample")


def shares(make: Maker) -> Tensor | None:
    """How far each number of each sample is on its way from real (0) to fake (1), or None: (B, D)."""
    for near, far in zip(visited(make, 1.0), visited(make, 10.0), strict=False):
        inside = bool(((near > 0) & (near < 1)).any())
        if inside and near.shape == far.shape and torch.allclose(10 * near, far):
            return near.flatten(1)
    return None


def visited(make: Maker, distance: float) -> list[Tensor]:
    """Everything that the critic is shown between all zeros (real) and all `distance` (fake)."""
    shown, line = list[Tensor](), straight(evenly(1.0))

    def critic(x: Tensor) -> Tensor:
        shown.append(x.detach())
        return line(x)

    real = torch.zeros(_COUNT, *IMAGE, dtype=torch.float64)
    reseed(0)
    make()(Duel(critic, (real,), (real + distance,)))
    return shown
