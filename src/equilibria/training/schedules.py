"""Learning rates as functions of the round: the share of the optimizer's own rate."""

import math
from collections.abc import Callable

from ..core.catalogue import Catalogue
from ..core.errors import Refusal

Schedule = Callable[[int], float]


def constant(rounds: int) -> Schedule:
    """The same rate throughout."""
    return lambda step: 1.0


def linear(rounds: int, end: float = 0.0) -> Schedule:
    """Down (or up) in a straight line to `end` times the rate at the last round."""
    _refuse_below_zero(end)
    return lambda step: 1 + (end - 1) * min(step / max(rounds, 1), 1.0)


def cosine(rounds: int, end: float = 0.0) -> Schedule:
    """Down along half a cosine to `end` times the rate at the last round (Loshchilov and Hutter 2017)."""
    _refuse_below_zero(end)
    return lambda step: end + (1 - end) * (1 + math.cos(math.pi * min(step / max(rounds, 1), 1.0))) / 2


def _refuse_below_zero(end: float) -> None:
    """A negative rate climbs."""
    if not 0 <= end < math.inf:
        raise Refusal(f"The schedule has end {end:g}: a finite share of the rate, 0 or more, is needed.")


SCHEDULES = Catalogue("schedule", constant=constant, linear=linear, cosine=cosine)
