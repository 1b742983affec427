"""Conditions: labels that a user names, as tensors, and labels drawn where none are named."""

import difflib
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..data.dataset import Data, Labels

LabelQuery = int | float | str | Mapping[str, float] | Sequence[Any] | np.ndarray | Tensor
_DIGITS = 18  # of a number that stands for a class
_REACH = 1.0  # by which numbers may lie outside of the range in training, in ranges
MAX_ROWS = 256  # rows of attributes or numbers that a model stores
UNCONDITIONAL = (
    "This model was trained without labels, so it takes none: train a conditional one on labeled data, with "
    "--conditional (in Python, conditional=True)."
)


def encode_labels(query: LabelQuery, labels: Labels | None) -> Tensor:
    """Labels as conditions: (N, labels.size), N at least 1. Raises Refusal for a label that does not exist.

    Classes by name, or by number from 0 where names are words: 7, "trouser", "0..9", "3,5", [0, "bag"].
    Attributes, the others are 0: "smiling,young=0.5", {"smiling": 1}, "none". Numbers: "0.2,0.7", [0.2, 0.7],
    {"0": 0.2, "1": 0.7}, in the units of the data. Several are a list of these. A float tensor (N, labels.size), as
    this function returns it, stays as it is.
    """
    if labels is None:
        raise Refusal(UNCONDITIONAL)
    if isinstance(query, np.ndarray | Tensor):
        values = torch.as_tensor(query).cpu()
        if values.ndim != 1 or values.is_floating_point():
            rows = _checked(values, labels)
            in_units = labels.kind == "vector" and not isinstance(query, Tensor)
            return _in_range(labels.encode(rows) if in_units else rows, labels)
        query = values.tolist()
    if labels.kind == "class":
        rows = labels.encode(torch.tensor(list(_classes(query, labels))))
    else:
        rows = _rows(query, labels)
        rows = _in_range(labels.encode(rows), labels) if labels.kind == "vector" else rows
    if not len(rows):
        raise Refusal("The list of labels is empty: name at least one.")
    return rows


def label_text(condition: Tensor, labels: Labels) -> str:
    """The name of a condition (C,)."""
    if labels.kind == "class" and condition.max() == 1 == condition.abs().sum():
        return labels.names[int(condition.argmax())]
    values = labels.decode(condition).tolist()
    if labels.kind == "vector":
        return ", ".join(f"{value:g}" for value in values)
    pairs = zip(labels.names, values, strict=True)
    return ", ".join(name if value == 1 else f"{name}={value:g}" for name, value in pairs if value) or "none"


def _checked(values: Tensor, labels: Labels) -> Tensor:
    rows = values.float()[None] if values.ndim == 1 else values.float()
    if rows.ndim != 2 or rows.shape[1] != labels.size or not rows.isfinite().all():
        raise Refusal(
            f"Conditions have the shape {tuple(values.shape)}: this model knows {labels}, which takes finite numbers "
            f"(N, {labels.size})."
        )
    return rows


def _in_range(rows: Tensor, labels: Labels) -> Tensor:
    """The same conditions. Raises Refusal for numbers far outside of those in training."""
    columns = labels.decode(rows).unbind(dim=1)
    for column, title, scale in zip(columns, labels.titles, labels.scales, strict=True) if labels.scales else ():
        reach = _REACH * ((scale.most - scale.least) or 1.0)
        outside = column[(column < scale.least - reach) | (column > scale.most + reach)]
        if len(outside):
            raise Refusal(
                f"{title} is {outside[0]:g}, far outside of the training data, where it is {scale.least:.4g} to "
                f"{scale.most:.4g}: choose a number nearer to these."
            )
    return rows


def _classes(query: Any, labels: Labels) -> Iterator[int]:
    """The places of the classes, in order."""
    if isinstance(query, Sequence) and not isinstance(query, str | bytes):
        for each in query:
            yield from _classes(each, labels)
    elif isinstance(query, str) and _place(query, labels) is None:
        for part in query.split(","):
            first, dots, last = part.partition("..")
            if dots and _place(part, labels) is None:
                start, end = _class(first, labels), _class(last, labels)
                yield from range(start, end + 1) if start <= end else range(start, end - 1, -1)
            else:
                yield _class(part, labels)
    else:
        yield _class(query, labels)


def _class(name: Any, labels: Labels) -> int:
    """The place of the class with this name. Raises Refusal if there is none."""
    if (place := _place(name, labels)) is not None:
        return place
    raise _unknown("class", str(name).strip(), labels)


def _place(name: Any, labels: Labels) -> int | None:
    """By name, then by name in any case; a number is a place only where no name is a number."""
    text = str(name).strip()
    if text in labels.names:
        return labels.names.index(text)
    if len(alike := [i for i, each in enumerate(labels.names) if each.casefold() == text.casefold()]) == 1:
        return alike[0]
    is_number = text.isdecimal() and len(text) <= _DIGITS and not any(each.isdecimal() for each in labels.names)
    return int(text) if is_number and int(text) < labels.size else None


def _rows(query: Any, labels: Labels) -> Tensor:
    """Attributes or numbers: one row (1, C), or a row for each item of a list."""
    if isinstance(query, str):
        return _row(_values(query, labels), labels)
    if isinstance(query, Mapping):
        return _row(query, labels)
    if isinstance(query, int | float) and not isinstance(query, bool):
        return _checked(torch.tensor([float(query)]), labels)
    if not isinstance(query, Sequence):
        raise Refusal(f"The label is {query!r}, and this model knows {labels}.")
    if query and all(isinstance(value, int | float) for value in query):
        return _checked(torch.tensor(query, dtype=torch.float32), labels)
    return torch.cat([_rows(each, labels) for each in query]) if query else torch.empty(0, labels.size)


def _values(text: str, labels: Labels) -> Mapping[str, Any]:
    """Values by name, from name=value or name alone; or, for numbers, from all of them in order."""
    parts = [part.strip() for part in text.split(",")]
    if labels.kind == "vector" and not any("=" in part for part in parts):
        if len(parts) != labels.size:
            raise Refusal(f"{text!r} says {len(parts)} of {labels}: say all of them, and no more.")
        return dict(zip(labels.names, parts, strict=True))
    if parts == ["none"] and "none" not in labels.names:
        return {}
    return {name.strip(): value if sign else 1.0 for name, sign, value in (part.partition("=") for part in parts)}


def _row(values: Mapping[str, Any], labels: Labels) -> Tensor:
    """One condition: (1, C). Attributes that are not named are 0; numbers must all be named."""
    row = torch.zeros(1, labels.size)
    for name, value in values.items():
        if (place := _place(name, labels)) is None:
            raise _unknown("attribute" if labels.kind == "multi-hot" else "number", str(name), labels)
        row[0, place] = _number(value, name, labels)
    if labels.kind == "vector" and (missing := [name for name in labels.names if name not in values]):
        raise Refusal(f"{', '.join(missing)} has no value: this model knows {labels}, and needs all of them.")
    return row


def _number(value: Any, name: str, labels: Labels) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number):
        raise Refusal(f"{name} is {value!r}: it must be a number.")
    if labels.kind == "multi-hot" and not 0 <= number <= 1:
        raise Refusal(f"{name} is {number:g}: an attribute is between 0 (absent) and 1 (present).")
    return number


def _unknown(what: str, name: str, labels: Labels) -> Refusal:
    if not name:
        return Refusal(f"A part of the label is empty: name it, or leave it out. This model knows {labels}.")
    close = difflib.get_close_matches(name, labels.names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close and not name.isdecimal() else ""
    takes_numbers = what == "class" and not any(each.isdecimal() for each in labels.names)
    numbers = f", or 0 to {labels.size - 1}" if takes_numbers else ""
    return Refusal(f"This model knows no {what} {name!r}.{hint} It knows {labels}{numbers}.")


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions, and how often each is drawn: as often as in the training data."""

    rows: Tensor  # (K, C): one for each class; of other labels, some rows of the training data
    weights: Tensor  # (K,): of classes, their counts

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw conditions: (count, C)."""
        return self.rows[torch.multinomial(self.weights, count, replacement=True, generator=generator)]

    def describe(self, labels: Labels) -> dict[str, Any]:
        """Plain values that `load_conditions` reads."""
        if labels.kind == "class":
            return {"counts": [int(weight) for weight in self.weights]}
        return {"rows": self.rows.tolist()}


def training_conditions(data: Data) -> Conditions | None:
    """The conditions in the training data, the same for the same data; None without labels."""
    data = data.labeled_part()
    if data.labels is None or data.y is None:
        return None
    if data.labels.kind == "class":
        counts = data.y.long().bincount(minlength=data.labels.size).cpu().double()
        return Conditions(torch.eye(len(counts)), counts)
    places = torch.randperm(len(data.y), generator=generator(0, len(data.y)))[:MAX_ROWS]
    rows = data.labels.encode(data.y[places.to(data.y.device)]).cpu()
    return Conditions(rows, torch.ones(len(rows), dtype=torch.float64))


def load_conditions(description: Mapping[str, Any], labels: Labels) -> Conditions:
    """The conditions of a description by `describe`. Raises ValueError if they do not fit the labels."""
    if labels.kind == "class":
        counts = torch.tensor(description["counts"], dtype=torch.float64)
        if counts.shape != (labels.size,) or not counts.isfinite().all() or counts.min() < 0 or counts.sum() <= 0:
            raise ValueError(f"{labels.size} counts are expected")
        return Conditions(torch.eye(len(counts)), counts)
    rows = torch.tensor(description["rows"], dtype=torch.float32)
    if rows.ndim != 2 or rows.shape[1] != labels.size or not len(rows) or not rows.isfinite().all():
        raise ValueError(f"rows of {labels.size} numbers are expected")
    return Conditions(rows, torch.ones(len(rows), dtype=torch.float64))
