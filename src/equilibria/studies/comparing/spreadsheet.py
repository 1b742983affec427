"""The numbers of a comparison as comma-separated values."""

import csv
import io
from collections.abc import Sequence

from .columns import Column
from .statistics import interval

HEAD = (
    "data",
    "metric",
    "checkpoint",
    "better",
    "recipe",
    "seeds",
    "mean",
    "low",
    "high",
    "floor",
    "of_seeds",
    "values",
)


def comma_separated(columns: Sequence[Column]) -> str:
    """A line for each metric, checkpoint and recipe, then what the numbers were measured on."""
    text = io.StringIO()
    fields = [name for name in columns[0].card.to_dict() if name not in HEAD] if columns else []
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEAD, *fields])
    for column in columns:
        card = column.card.to_dict()
        for row in column.values:
            writer.writerow([*_line(column, row), *(card[name] for name in fields)])
    return text.getvalue()


def _line(column: Column, row: str) -> list[object]:
    values, known = column.values[row], interval(column.values[row])
    floor = "" if column.floor is None else repr(column.floor.value)
    ends = ("" if end is None else repr(end) for end in (known.low, known.high))
    told = [
        column.data,
        column.name,
        column.checkpoint,
        column.better,
        row,
        known.count,
        repr(known.mean),
        *ends,
        floor,
    ]
    return [*told, " ".join(map(str, column.seeds[row])), " ".join(map(repr, values))]
