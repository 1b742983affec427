"""Numbers side by side: only what was measured alike stands in one column."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...evaluation.cards import Card, comparable, differences
from ...evaluation.metrics.base import Figure
from ..numbers import Number
from .collecting import Result
from .statistics import Interval, interval

CHECKPOINTS = ("best", "last")


@dataclass(frozen=True)
class Column:
    """One metric at one checkpoint on one data set, for every recipe."""

    data: str
    name: str
    better: str  # "lower", "higher" or "neither"
    card: Card
    floor: Figure | None  # of as many real samples in place of generated ones
    values: dict[str, list[float]]  # by row, in the order of the seeds
    seeds: dict[str, list[int]]  # those that the values are of
    apart: str = ""  # why numbers of this metric stand in several columns

    @property
    def checkpoint(self) -> str:
        return self.card.checkpoint

    def interval(self, row: str) -> Interval:
        """The mean over seeds, and what is known of it."""
        return interval(self.values.get(row, []))


def columns(results: Sequence[Result], strict: bool = False) -> list[Column]:
    """The columns in the order in which their metrics were measured, the best checkpoint's before the last's.

    Where cards differ, the numbers stand in columns of their own; `strict`: Refusal, which names what differs.
    """
    found = dict[tuple[str, str, str], list[tuple[Result, Number]]]()
    for result in results:
        for number in result.numbers:
            known = "" if strict else result.data, number.name, number.card.checkpoint
            found.setdefault(known, []).append((result, number))
    order = sorted(found, key=lambda known: ([*dict.fromkeys((d, n) for d, n, _ in found)].index(known[:2]), known[2]))
    return [column for known in order for column in _columns(found[known], strict)]


def _columns(numbers: Sequence[tuple[Result, Number]], strict: bool) -> list[Column]:
    """The numbers of one metric at one checkpoint, in one column for each card."""
    if strict:
        names = [Path(result.folder).name for result, _ in numbers]
        comparable(dict(zip(names, (number.card for _, number in numbers), strict=True)))
    cards = list(dict.fromkeys(number.card for _, number in numbers))
    apart = ", ".join(dict.fromkeys(name for card in cards for name in differences(cards[0], card)))
    said = f"Measured differently ({apart}): not comparable with the other column of this metric." if apart else ""
    return [_column([each for each in numbers if each[1].card == card], said) for card in cards]


def _column(numbers: Sequence[tuple[Result, Number]], apart: str) -> Column:
    first, known = numbers[0]
    values, seeds = dict[str, list[float]](), dict[str, list[int]]()
    for result, number in sorted(numbers, key=lambda each: each[0].seed):
        values.setdefault(result.label, []).append(number.value)
        seeds.setdefault(result.label, []).append(result.seed)
    return Column(first.data, known.name, known.better, known.card, known.floor, values, seeds, apart)
