"""What may be said of a comparison: no more than its intervals support."""

import math
from collections.abc import Mapping, Sequence
from itertools import combinations

from .columns import Column
from .statistics import LEVEL, holm, welch

ENOUGH = 5  # seeds of a recipe, before it is ranked
_FALSE = 1 - LEVEL  # claims, at most, in a comparison of recipes that are equal


def conclusions(columns: Sequence[Column], begun: Mapping[tuple[str, str], int]) -> list[str]:
    """A sentence or two for each column; `begun` tells by (data, row) how many seeds were begun.

    The pairs of all columns together are one family of tests (Welch, two-sided, Holm's correction): equal recipes are
    ranked in at most one comparison of twenty.
    """
    pairs = [(column, pair) for column in columns for pair in _rankable(column, begun)]
    chances = holm([welch(column.values[a], column.values[b]) for column, (a, b) in pairs])
    tests = [(column, pair, chance) for (column, pair), chance in zip(pairs, chances, strict=True)]
    return [_sentence(column, begun, [t[1:] for t in tests if t[0] is column], len(tests)) for column in columns]


def _rankable(column: Column, begun: Mapping[tuple[str, str], int]) -> list[tuple[str, str]]:
    """The pairs of rows of which enough seeds were played, none failed, and all values are finite."""
    rows = [row for row in column.values if _why_not(column, row, begun) is None]
    return list(combinations(rows, 2))


def _why_not(column: Column, row: str, begun: Mapping[tuple[str, str], int]) -> str | None:
    """Why a row is not ranked, if it is not."""
    values = column.values.get(row, [])
    if (lost := begun.get((column.data, row), len(values)) - len(values)) > 0:
        return f"{lost} of {lost + len(values)} seeds failed"
    if not all(map(math.isfinite, values)):
        return "not every value is finite"
    return None if len(values) >= ENOUGH else f"{len(values)} seed{'s' * (len(values) != 1)}"


def _sentence(
    column: Column, begun: Mapping[tuple[str, str], int], tests: Sequence[tuple[tuple[str, str], float]], family: int
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


def _means(column: Column) -> str:
    parts = []
    for row in column.values:
        known = column.interval(row)
        spread = "" if known.low is None else f" (95 % interval {known.low:.3g} to {known.high:.3g})"
        parts.append(f"{row} at {known.mean:.3g}{spread}")
    return "; ".join(parts)


def _direction(column: Column) -> str:
    return {"lower": "lower is better", "higher": "higher is better"}.get(column.better, "neither end is better")


def _claim(column: Column, pair: tuple[str, str], chance: float) -> str:
    """Which of two is better, or, where that means nothing, lower."""
    low, high = sorted(pair, key=lambda row: column.interval(row).mean)
    p = f"(p {'= ' + format(chance, '.2g') if chance >= 1e-4 else '< 0.0001'})"
    if column.better == "neither":
        return f"{low} is lower than {high} {p}."
    better, worse = (high, low) if column.better == "higher" else (low, high)
    return f"{better} is better than {worse} {p}."
