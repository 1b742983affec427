"""Conditions: what a user asks for (classes, attributes, numbers), and labels drawn where nothing is asked."""

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

Asked = int | float | str | Mapping[str, float] | Sequence[Any] | np.ndarray | Tensor


def asked_for(asked: Asked, labels: Labels) -> Tensor:
    """The conditions that are meant, as networks see them: (N, labels.size), N at least 1.

    Classes by name, or by place from 0 where names are words: 7, "trouser", "0..9", "3,5", [0, "bag"].
    Attributes, the others are 0: "smiling,young=0.5", {"smiling": 1}, "none". Numbers: "0.2,0.7", [0.2, 0.7],
    {"0": 0.2, "1": 0.7}. Several are a list of these. An array (N, labels.size) is taken as it is.
    """
    if isinstance(asked, np.ndarray | Tensor):
        given = torch.as_tensor(asked).cpu()
        if given.ndim != 1 or given.is_floating_point():
            return _as_it_is(given, labels)
        asked = given.tolist()
    rows = labels.encode(torch.tensor(list(_places(asked, labels)))) if labels.kind == "class" else _rows(asked, labels)
    if not len(rows):
        raise Refusal("An empty list of labels was asked for: name at least one.")
    return rows


def spelled(condition: Tensor, labels: Labels) -> str:
    """What a condition (C,) is called."""
    if labels.kind == "class" and condition.max() == 1 == condition.abs().sum():
        return labels.names[int(condition.argmax())]
    values = condition.tolist()
    if labels.kind == "vector":
        return ", ".join(f"{value:g}" for value in values)
    told = [
        name if value == 1 else f"{name}={value:g}" for name, value in zip(labels.names, values, strict=True) if value
    ]
    return ", ".join(told) or "none"


def _as_it_is(given: Tensor, labels: Labels) -> Tensor:
    rows = given.float()[None] if given.ndim == 1 else given.float()
    if rows.ndim != 2 or rows.shape[1] != labels.size or not rows.isfinite().all():
        raise Refusal(
            f"Conditions of shape {tuple(given.shape)} were given: finite numbers (N, {labels.size}) are needed, "
            f"since this model knows {labels}."
        )
    return rows


def _places(asked: Any, labels: Labels) -> Iterator[int]:
    """The classes that are meant, in order."""
    if isinstance(asked, Sequence) and not isinstance(asked, str | bytes):
        for each in asked:
            yield from _places(each, labels)
    elif isinstance(asked, str) and _place(asked, labels) is None:
        for part in asked.split(","):
            first, dots, last = part.partition("..")
            if dots and _place(part, labels) is None:
                start, end = _known(first, labels), _known(last, labels)
                yield from range(start, end + 1) if start <= end else range(start, end - 1, -1)
            else:
                yield _known(part, labels)
    else:
        yield _known(asked, labels)


def _known(name: Any, labels: Labels) -> int:
    """The place of the class with this name. Raises Refusal if there is none."""
    if (place := _place(name, labels)) is not None:
        return place
    raise _unknown("class", str(name).strip(), labels)


def _place(name: Any, labels: Labels) -> int | None:
    """By name, then by name in any case; a number is a place only where no name is a number."""
    text = str(name).strip()
    if text in labels.names:
        return labels.names.index(text)
    if len(alike := [i for i, known in enumerate(labels.names) if known.casefold() == text.casefold()]) == 1:
        return alike[0]
    counted = text.isdecimal() and not any(known.isdecimal() for known in labels.names)
    return int(text) if counted and int(text) < labels.size else None


def _rows(asked: Any, labels: Labels) -> Tensor:
    """Attributes or numbers: a row (1, C), or as many as are in a list of them."""
    if isinstance(asked, str):
        return _row(_said(asked, labels), labels)
    if isinstance(asked, Mapping):
        return _row(asked, labels)
    if isinstance(asked, int | float) and not isinstance(asked, bool):
        return _as_it_is(torch.tensor([float(asked)]), labels)
    if not isinstance(asked, Sequence):
        raise Refusal(f"{asked!r} was asked for, and this model knows {labels}.")
    if asked and all(isinstance(value, int | float) for value in asked):
        return _as_it_is(torch.tensor(asked, dtype=torch.float32), labels)
    return torch.cat([_rows(each, labels) for each in asked]) if asked else torch.empty(0, labels.size)


def _said(text: str, labels: Labels) -> Mapping[str, Any]:
    """Values by name, from name=value or name alone; or, of numbers, from all of them in order."""
    parts = [part.strip() for part in text.split(",")]
    if labels.kind == "vector" and not any("=" in part for part in parts):
        if len(parts) != labels.size:
            raise Refusal(f"{text!r} says {len(parts)} of {labels}: say all of them, and no more.")
        return dict(zip(labels.names, parts, strict=True))
    if parts == ["none"] and "none" not in labels.names:
        return {}
    return {name.strip(): value if sign else 1.0 for name, sign, value in (part.partition("=") for part in parts)}


def _row(values: Mapping[str, Any], labels: Labels) -> Tensor:
    """One condition: (1, C). Attributes that are not named are 0; numbers must all be."""
    row = torch.zeros(1, labels.size)
    for name, value in values.items():
        if (place := _place(name, labels)) is None:
            raise _unknown("attribute" if labels.kind == "multi-hot" else "number", str(name), labels)
        row[0, place] = _number(value, name, labels)
    if labels.kind == "vector" and (missing := [name for name in labels.names if name not in values]):
        raise Refusal(f"No value is given for {', '.join(missing)}: this model knows {labels}, and needs all of them.")
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
        return Refusal(
            f"A part of what is asked for is empty: say what is meant, or leave it out. This model knows {labels}."
        )
    close = difflib.get_close_matches(name, labels.names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close and not name.isdecimal() else ""
    numbered = what == "class" and not any(known.isdecimal() for known in labels.names)
    counted = f", or 0 to {labels.size - 1}" if numbered else ""
    return Refusal(f"This model knows no {what} {name!r}.{hint} It knows {labels}{counted}.")


KEPT = 256  # rows of attributes or numbers that a model remembers, at most


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions, and how often each is drawn: as often as in the training data."""

    rows: Tensor  # (K, C): one for each class; of other labels, some that the training data have
    weights: Tensor  # (K,): of classes, their counts

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """So many conditions, as networks see them: (count, C)."""
        return self.rows[torch.multinomial(self.weights, count, replacement=True, generator=generator)]

    def describe(self, labels: Labels) -> dict[str, Any]:
        """Plain values from which they can be rebuilt."""
        if labels.kind == "class":
            return {"counts": [int(weight) for weight in self.weights]}
        return {"rows": self.rows.tolist()}


def seen(data: Data) -> Conditions | None:
    """The conditions in the training data, the same for the same data; None without labels."""
    if data.labels is None or data.y is None:
        return None
    if data.labels.kind == "class":
        return _of_classes(data.y.long().bincount(minlength=data.labels.size).cpu().double())
    chosen = torch.randperm(len(data.y), generator=generator(0, len(data.y)))[:KEPT]
    return _of_rows(data.labels.encode(data.y[chosen.to(data.y.device)]).cpu())


def rebuilt(described: Mapping[str, Any], labels: Labels) -> Conditions:
    """The conditions that `describe` described. Raises ValueError if they do not fit the labels."""
    if labels.kind == "class":
        counts = torch.tensor(described["counts"], dtype=torch.float64)
        if counts.shape != (labels.size,) or not counts.isfinite().all() or counts.min() < 0 or counts.sum() <= 0:
            raise ValueError(f"{labels.size} counts are expected")
        return _of_classes(counts)
    rows = torch.tensor(described["rows"], dtype=torch.float32)
    if rows.ndim != 2 or rows.shape[1] != labels.size or not len(rows) or not rows.isfinite().all():
        raise ValueError(f"rows of {labels.size} numbers are expected")
    return _of_rows(rows)


def _of_classes(counts: Tensor) -> Conditions:
    return Conditions(torch.eye(len(counts)), counts)


def _of_rows(rows: Tensor) -> Conditions:
    return Conditions(rows, torch.ones(len(rows), dtype=torch.float64))
