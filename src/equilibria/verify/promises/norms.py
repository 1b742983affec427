"""Whose slope a penalty measures: a sample's, all of it, and nobody else's."""

import torch
from torch import Tensor

from ..claims import Answer
from ..scenes.critics import IMAGE, SIZES, evenly
from .base import no, number, yes
from .laws import ONE_NUMBER, Maker, cost, law_of


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
