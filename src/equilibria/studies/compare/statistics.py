"""Means, intervals and significance of a comparison, and what they support."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped]

from ...evaluation.metrics.base import Measurement, Provenance, comparable, differences
from ..results import MetricValue
from .trial import Result

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


CHECKPOINTS = ("best", "last")


@dataclass(frozen=True)
class MetricRow:
    """One metric at one checkpoint on one data set, for every recipe."""

    data: str
    name: str
    better: str  # "lower", "higher" or "neither"
    card: Provenance
    floor: Measurement | None  # of as many real samples in place of generated ones
    values: dict[str, list[float]]  # by row, in the order of the seeds
    seeds: dict[str, list[int]]  # those that the values are of
    apart: str = ""  # why numbers of this metric stand in several columns

    @property
    def checkpoint(self) -> str:
        return self.card.checkpoint

    def interval(self, row: str) -> Interval:
        """The mean over seeds, and what is known of it."""
        return interval(self.values.get(row, []))


def metric_rows(results: Sequence[Result], strict: bool = False) -> list[MetricRow]:
    """The columns in the order in which their metrics were measured, the best checkpoint's before the last's.

    Where cards differ, the numbers stand in columns of their own; `strict`: Refusal, which names what differs.
    """
    found = dict[tuple[str, str, str], list[tuple[Result, MetricValue]]]()
    for result in results:
        for number in result.numbers:
            known = "" if strict else result.data, number.name, number.card.checkpoint
            found.setdefault(known, []).append((result, number))
    order = sorted(found, key=lambda known: ([*dict.fromkeys((d, n) for d, n, _ in found)].index(known[:2]), known[2]))
    return [column for known in order for column in _columns(found[known], strict)]


def _columns(numbers: Sequence[tuple[Result, MetricValue]], strict: bool) -> list[MetricRow]:
    """The numbers of one metric at one checkpoint, in one column for each card."""
    if strict:
        names = [Path(result.folder).name for result, _ in numbers]
        comparable(dict(zip(names, (number.card for _, number in numbers), strict=True)))
    cards = list(dict.fromkeys(number.card for _, number in numbers))
    apart = ", ".join(dict.fromkeys(name for card in cards for name in differences(cards[0], card)))
    said = f"Measured differently ({apart}): not comparable with the other column of this metric." if apart else ""
    return [_column([each for each in numbers if each[1].card == card], said) for card in cards]


def _column(numbers: Sequence[tuple[Result, MetricValue]], apart: str) -> MetricRow:
    first, known = numbers[0]
    values, seeds = dict[str, list[float]](), dict[str, list[int]]()
    for result, number in sorted(numbers, key=lambda each: each[0].seed):
        values.setdefault(result.label, []).append(number.value)
        seeds.setdefault(result.label, []).append(result.seed)
    return MetricRow(first.data, known.name, known.better, known.card, known.floor, values, seeds, apart)


ENOUGH = 5  # seeds of a recipe, before it is ranked
_FALSE = 1 - LEVEL  # claims, at most, in a comparison of recipes that are equal


def conclusions(columns: Sequence[MetricRow], begun: Mapping[tuple[str, str], int]) -> list[str]:
    """A sentence or two for each column; `begun` tells by (data, row) how many seeds were begun.

    The pairs of all columns together are one family of tests (Welch, two-sided, Holm's correction): equal recipes are
    ranked in at most one comparison of twenty.
    """
    pairs = [(column, pair) for column in columns for pair in _rankable(column, begun)]
    chances = holm([welch(column.values[a], column.values[b]) for column, (a, b) in pairs])
    tests = [(column, pair, chance) for (column, pair), chance in zip(pairs, chances, strict=True)]
    return [_sentence(column, begun, [t[1:] for t in tests if t[0] is column], len(tests)) for column in columns]


def _rankable(column: MetricRow, begun: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """The pairs of rows of which enough seeds were played, none failed, and all values are finite."""
    rows = [row for row in column.values if _why_not(column, row, begun) is None]
    return list(combinations(rows, 2))


def _why_not(column: MetricRow, row: str, begun: Mapping[tuple[str, str], int]) -> str | None:
    """Why a row is not ranked, if it is not."""
    values = column.values.get(row, [])
    if (lost := begun.get((column.data, row), len(values)) - len(values)) > 0:
        return f"{lost} of {lost + len(values)} seeds failed"
    if not all(map(math.isfinite, values)):
        return "not every value is finite"
    return None if len(values) >= ENOUGH else f"{len(values)} seed{'s' * (len(values) != 1)}"


def _sentence(
    column: MetricRow, begun: Mapping[tuple[str, str], int], tests: Sequence[tuple[tuple[str, str], float]], family: int
) -> str:
    name = column.name.replace("_", " ")
    said = [f"{name} on {column.data}, {column.checkpoint} checkpoint ({_direction(column)}): {_means(column)}."]
    rows = [row for data, row in begun if data == column.data] or list(column.values)
    reasons = {row: reason for row in rows if (reason := _why_not(column, row, begun)) is not None}
    if not tests:
        few = "; ".join(f"{row}: {reason}" for row, reason in reasons.items())
        return " ".join([*said, f"No ranking is claimed: that takes {ENOUGH} finished seeds of two recipes ({few})."])
    apart = [(pair, chance) for pair, chance in tests if chance < _FALSE]
    said += [_claim(column, pair, chance) for pair, chance in apart]
    if alike := [pair for pair, chance in tests if chance >= _FALSE]:
        said.append(f"No difference is shown between {', '.join(f'{a} and {b}' for a, b in alike)}.")
    said.append(f"(Welch's test, two-sided, p corrected for {family} pair{'s' * (family != 1)} by Holm's method.)")
    if reasons:
        said.append(f"Not ranked: {'; '.join(f'{row} ({reason})' for row, reason in reasons.items())}.")
    return " ".join(said)


def _means(column: MetricRow) -> str:
    parts = []
    for row in column.values:
        known = column.interval(row)
        spread = "" if known.low is None else f" (95 % interval {known.low:.3g} to {known.high:.3g})"
        parts.append(f"{row} at {known.mean:.3g}{spread}")
    return "; ".join(parts)


def _direction(column: MetricRow) -> str:
    return {"lower": "lower is better", "higher": "higher is better"}.get(column.better, "neither end is better")


def _claim(column: MetricRow, pair: tuple[str, str], chance: float) -> str:
    """Which of two is better, or, where that means nothing, lower."""
    low, high = sorted(pair, key=lambda row: column.interval(row).mean)
    p = f"(p {'= ' + format(chance, '.2g') if chance >= 1e-4 else '< 0.0001'})"
    if column.better == "neither":
        return f"{low} is lower than {high} {p}."
    better, worse = (high, low) if column.better == "higher" else (low, high)
    return f"{better} is better than {worse} {p}."
