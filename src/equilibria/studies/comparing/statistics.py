"""What a few seeds tell: means, intervals, and which differences are more than chance."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A mean, and where the mean of all seeds that could have been drawn lies, 95 times in a hundred."""

    mean: float
    low: float | None  # none where one seed, or a value that is not finite, tells nothing of the spread
    high: float | None
    count: int  # seeds


def interval(values: Sequence[float], level: float = LEVEL) -> Interval:
    """Mean and Student's t interval of independent values (Student 1908): exact for normal ones, wide for few."""
    n, mean = len(values), float(np.mean(values)) if len(values) else math.nan
    if n < 2 or not math.isfinite(mean):
        return Interval(mean, None, None, n)
    half = float(stdtrit(n - 1, (1 + level) / 2)) * float(np.std(values, ddof=1)) / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, n)


def welch(one: Sequence[float], other: Sequence[float]) -> float:
    """The two-sided p-value of equal means, whatever the variances (Welch 1947); at least two values each.

    Where neither group varies at all, that of the exact permutation test (Fisher 1935) on the difference of means.
    """
    n, m = len(one), len(other)
    a, b = float(np.var(one, ddof=1)) / n, float(np.var(other, ddof=1)) / m
    gap = float(np.mean(one)) - float(np.mean(other))
    if a + b == 0:
        return 1.0 if gap == 0 else (2.0 if n == m else 1.0) / math.comb(n + m, n)
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    return float(2 * stdtr(freedom, -abs(gap) / math.sqrt(a + b)))


def holm(chances: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected so that one false claim among all is as rare as in one (Holm 1979)."""
    adjusted, worst = [0.0] * len(chances), 0.0
    for rank, place in enumerate(sorted(range(len(chances)), key=lambda i: chances[i])):
        worst = max(worst, min(1.0, (len(chances) - rank) * chances[place]))
        adjusted[place] = worst
    return adjusted
