"""Learning rates as functions of the round: the share of the optimizer's own rate."""

import math
from collections.abc import Callable

from ..core.catalogue import Catalogue
from ..core.errors import Refusal

Schedule = Callable[[int], float]


def constant(rounds: int, warmup: int = 0) -> Schedule:
    """The same rate throughout, once it is reached."""
    return _warmed(lambda step: 1.0, warmup)


def linear(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """Down (or up) in a straight line to `end` times the rate at the last round."""
    _refuse_below_zero(end)
    return _warmed(lambda step: 1 + (end - 1) * min(step / max(rounds, 1), 1.0), warmup)


def cosine(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """Down along half a cosine to `end` times the rate at the last round (Loshchilov and Hutter 2017)."""
    _refuse_below_zero(end)
    return _warmed(lambda step: end + (1 - end) * (1 + math.cos(math.pi * min(step / max(rounds, 1), 1.0))) / 2, warmup)


def _warmed(schedule: Schedule, rounds: int) -> Schedule:
    """The same schedule, reached in a straight line over the first so many rounds (Goyal et al. 2017)."""
    if rounds < 0:
        raise Refusal(f"The schedule has warmup {rounds}: a number of rounds is needed; 0 means none.")
    return (lambda step: schedule(step) * min((step + 1) / rounds, 1.0)) if rounds else schedule


def _refuse_below_zero(end: float) -> None:
    """A negative rate climbs."""
    if not 0 <= end < math.inf:
        raise Refusal(f"The schedule has end {end:g}: a finite share of the rate, 0 or more, is needed.")


SCHEDULES = Catalogue("schedule", constant=constant, linear=linear, cosine=cosine)
