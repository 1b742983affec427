"""Means, intervals and significance tests of a comparison, and the conclusions that they support."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np
from scipy.special import stdtr, stdtrit  # type: ignore[import-untyped]

from ...core.text import plural
from ...evaluation.metrics.base import UNBOUNDED, Measurement, Provenance, comparable, differences
from ..results import MetricValue
from .trial import Result

LEVEL = 0.95
ENOUGH = 5  # seeds of a recipe that is ranked
_SIGNIFICANT = 1 - LEVEL  # p-values below it
Attempts = Mapping[tuple[str, str], int]  # seeds that were started, by data set and recipe


@dataclass(frozen=True)
class Interval:
    """A mean over seeds with its 95 % confidence interval."""

    mean: float
    low: float | None  # None for a single seed, or a value that is not finite
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

    If neither group varies, that of the exact permutation test (Fisher 1935) on the difference of means.
    """
    n, m = len(one), len(other)
    a, b = float(np.var(one, ddof=1)) / n, float(np.var(other, ddof=1)) / m
    gap = float(np.mean(one)) - float(np.mean(other))
    if a + b == 0:
        return 1.0 if gap == 0 else (2.0 if n == m else 1.0) / math.comb(n + m, n)
    freedom = (a + b) ** 2 / (a**2 / (n - 1) + b**2 / (m - 1))
    return float(2 * stdtr(freedom, -abs(gap) / math.sqrt(a + b)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The p-values of several tests, corrected so that any false claim among all is as rare as in one (Holm 1979)."""
    adjusted, worst = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = worst
    return adjusted


@dataclass(frozen=True)
class MetricRow:
    """One metric at one checkpoint on one data set, for every recipe."""

    data: str
    name: str
    better: str  # "lower", "higher" or "neither"
    provenance: Provenance
    floor: Measurement | None  # with real training samples in place of generated ones
    values: dict[str, list[float]]  # by recipe, in the order of the seeds
    seeds: dict[str, list[int]]  # of the values
    note: str = ""  # why the values of this metric are in several rows
    limits: tuple[float, float] = UNBOUNDED  # in which all values lie

    @property
    def checkpoint(self) -> str:
        return self.provenance.checkpoint

    def interval(self, recipe: str) -> Interval:
        """The mean of a recipe over its seeds, and its interval as far as there can be values."""
        whole = interval(self.values.get(recipe, []))
        if whole.low is None or whole.high is None:
            return whole
        return replace(whole, low=max(whole.low, self.limits[0]), high=min(whole.high, self.limits[1]))


def metric_rows(results: Sequence[Result], strict: bool = False) -> list[MetricRow]:
    """The rows in the order in which metrics were measured, the best checkpoint before the last.

    Values with different provenance are in different rows; if `strict`, they raise Refusal, which names the difference.
    """
    values = dict[tuple[str, str, str], list[tuple[Result, MetricValue]]]()
    for result in results:
        for value in result.numbers:
            key = "" if strict else result.data, value.name, value.provenance.checkpoint
            values.setdefault(key, []).append((result, value))
    metrics = list(dict.fromkeys(key[:2] for key in values))
    order = sorted(values, key=lambda key: (metrics.index(key[:2]), key[2]))
    return [row for key in order for row in _rows(values[key], strict)]


def _rows(values: Sequence[tuple[Result, MetricValue]], strict: bool) -> list[MetricRow]:
    """The values of one metric at one checkpoint, in a row for each provenance."""
    if strict:
        names = [Path(result.folder).name for result, _ in values]
        comparable(dict(zip(names, (value.provenance for _, value in values), strict=True)))
    provenances = list(dict.fromkeys(value.provenance for _, value in values))
    fields = ", ".join(dict.fromkeys(name for each in provenances for name in differences(provenances[0], each)))
    note = f"Measured differently ({fields}): not comparable with the other row of this metric." if fields else ""
    return [_row([pair for pair in values if pair[1].provenance == each], note) for each in provenances]


def _row(pairs: Sequence[tuple[Result, MetricValue]], note: str) -> MetricRow:
    result, first = pairs[0]
    values, seeds = dict[str, list[float]](), dict[str, list[int]]()
    for each, value in sorted(pairs, key=lambda pair: pair[0].seed):
        values.setdefault(each.label, []).append(value.value)
        seeds.setdefault(each.label, []).append(each.seed)
    facts = first.name, first.better, first.provenance, first.floor
    return MetricRow(result.data, *facts, values, seeds, note, (first.least, first.most))


def conclusions(rows: Sequence[MetricRow], attempts: Attempts) -> list[str]:
    """A paragraph for each row.

    The pairs of all rows together are one family of tests (Welch, two-sided, Holm's correction): equal recipes are
    ranked in at most one comparison of twenty.
    """
    ranked = [[recipe for recipe in row.values if _exclusion(row, recipe, attempts) is None] for row in rows]
    pairs = [(row, pair) for row, recipes in zip(rows, ranked, strict=True) for pair in combinations(recipes, 2)]
    p_values = holm([welch(row.values[a], row.values[b]) for row, (a, b) in pairs])
    tests = [(row, pair, p) for (row, pair), p in zip(pairs, p_values, strict=True)]
    return [_conclusion(row, attempts, [t[1:] for t in tests if t[0] is row], len(tests)) for row in rows]


def _exclusion(row: MetricRow, recipe: str, attempts: Attempts) -> str | None:
    """Why a recipe is not ranked, if it is not."""
    values = row.values.get(recipe, [])
    if (failed := attempts.get((row.data, recipe), len(values)) - len(values)) > 0:
        return f"{failed} of {plural(failed + len(values), 'seed')} failed"
    if not all(map(math.isfinite, values)):
        return "not every value is finite"
    return None if len(values) >= ENOUGH else f"{plural(len(values), 'seed')}, and no run failed"


def _conclusion(row: MetricRow, attempts: Attempts, tests: Sequence[tuple[tuple[str, str], float]], family: int) -> str:
    direction = f"{row.better} is better" if row.better != "neither" else "neither direction is better"
    name = row.name.replace("_", " ")
    text = [f"{name} on {row.data}, {row.checkpoint} checkpoint ({direction}): {_means(row)}."]
    recipes = [recipe for data, recipe in attempts if data == row.data] or list(row.values)
    reasons = dict[str, list[str]]()
    for recipe in recipes:
        if (why := _exclusion(row, recipe, attempts)) is not None:
            reasons.setdefault(why, []).append(recipe)
    excluded = [f"{', '.join(several)}: {why}" for why, several in reasons.items()]
    if not tests:
        need = f"it takes two recipes with {ENOUGH} seeds each (--seeds {ENOUGH}), none of which failed"
        return " ".join([*text, f"No ranking is claimed: {need}.", *(f"{each}." for each in excluded)])
    text += [_claim(row, pair, p) for pair, p in tests if p < _SIGNIFICANT]
    if equal := [f"{a} and {b}" for (a, b), p in tests if p >= _SIGNIFICANT]:
        text.append(f"No significant difference between {', '.join(equal)}.")
    text.append(f"(Two-sided Welch's tests; p corrected for {family} pair{'s' * (family != 1)} by Holm's method.)")
    return " ".join([*text, f"Not ranked: {'; '.join(excluded)}."] if excluded else text)


def _means(row: MetricRow) -> str:
    parts = []
    for recipe in row.values:
        each = row.interval(recipe)
        spread = "" if each.low is None else f" (95 % interval {each.low:.3g} to {each.high:.3g})"
        parts.append(f"{recipe} {each.mean:.3g}{spread}")
    return ", ".join(parts)


def _claim(row: MetricRow, pair: tuple[str, str], p: float) -> str:
    """Which of two recipes is better, or, if that means nothing, lower."""
    low, high = sorted(pair, key=lambda recipe: row.interval(recipe).mean)
    chance = f"(p = {p:.2g})" if p >= 1e-4 else "(p < 0.0001)"
    if row.better == "neither":
        return f"{low} is lower than {high} {chance}."
    better, worse = (high, low) if row.better == "higher" else (low, high)
    return f"{better} is better than {worse} {chance}."
