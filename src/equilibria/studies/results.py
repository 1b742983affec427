"""Metric values with their provenance, and the file that holds those of a run."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from html import escape
from pathlib import Path
from typing import Any, NotRequired, Self, TypedDict

from ..core.errors import Refusal, first_line
from ..core.files import write_output
from ..core.stored import read_json, require
from ..core.text import csv_text
from ..evaluation.metrics.base import Measurement, Provenance
from ..records.history import dotted

FORMAT = 1
FILE = "metrics.json"


@dataclass(frozen=True)
class MetricValue:
    """One metric of a model at one checkpoint, and of real samples."""

    name: str  # a metric may have several values, each with a name
    value: float
    error: float | None  # standard error, where it is known
    better: str  # "lower", "higher" or "neither"
    round: int | None  # of the checkpoint; None for samples without a run
    floor: Measurement | None  # the same with real training samples in place of generated ones
    provenance: Provenance
    least: float = -math.inf  # of all values that there can be
    most: float = math.inf

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        floor = None if self.floor is None else {"value": _plain(self.floor.value), "error": _plain(self.floor.error)}
        stored = {"name": self.name, "value": _plain(self.value), "error": _plain(self.error), "better": self.better}
        stored |= {name: limit for name in ("least", "most") if math.isfinite(limit := getattr(self, name))}
        return stored | {"round": self.round, "floor": floor, "card": self.provenance.to_dict()}

    @classmethod
    def from_dict(cls, stored: "_StoredValue") -> Self:
        """A value that was stored. Raises ValueError for text that is no number."""
        card = {each.name: stored["card"][each.name] for each in fields(Provenance)}
        card["split"] = re.sub(r"beside\sit$", "for comparison", card["split"])  # as earlier versions said it
        floor = stored["floor"] and Measurement(float(stored["floor"]["value"]), _read(stored["floor"]["error"]))
        value, error = float(stored["value"]), _read(stored["error"])
        limits = stored.get("least", -math.inf), stored.get("most", math.inf)
        return cls(stored["name"], value, error, stored["better"], stored["round"], floor, Provenance(**card), *limits)


class _StoredFloor(TypedDict):
    value: float | str
    error: float | str | None


class _StoredValue(_StoredFloor):
    name: str
    better: str
    round: int
    floor: _StoredFloor | None
    card: Any  # Provenance
    least: NotRequired[float]
    most: NotRequired[float]


class _StoredEvaluation(TypedDict):
    numbers: list[_StoredValue]
    about: NotRequired[str]
    notes: NotRequired[list[str]]
    left_out: NotRequired[dict[str, str]]
    format: NotRequired[int]


@dataclass(frozen=True)
class Evaluation:
    """All metric values of one evaluation."""

    numbers: tuple[MetricValue, ...]
    about: str = ""  # the feature network, in words
    notes: tuple[str, ...] = ()  # how to read the values, a sentence each
    left_out: Mapping[str, str] = field(default_factory=dict)  # metrics that were not measured, and why
    cards: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # of samples of no run, and of real ones
    classes: Mapping[str, Sequence[MetricValue]] = field(default_factory=dict)  # the values of each class alone

    def names(self) -> list[str]:
        """The names of the values, in the order in which they were measured."""
        return list(dict.fromkeys(value.name for value in self.numbers))

    def of(self, name: str, checkpoint: str) -> MetricValue | None:
        """A value at a checkpoint, if it was measured."""
        return next((v for v in self.numbers if (v.name, v.provenance.checkpoint) == (name, checkpoint)), None)

    def _repr_html_(self) -> str:
        from .wording import evaluation_table  # which imports this file

        rows = "".join(f"<tr><td>{'</td><td>'.join(map(escape, row))}</td></tr>" for row in evaluation_table(self))
        return f"<table>{rows}</table>"

    def write(self, path: Path) -> None:
        """Write all as .json, atomically, or as .csv with a line for each value. Raises Failure if it cannot be."""
        more = {"about": self.about, "notes": list(self.notes), "left_out": dict(self.left_out)}
        more |= {"cards": {part: dict(card) for part, card in self.cards.items()}} if self.cards else {}
        numbers: list[dict[str, Any]] = [value.to_dict() for value in self.numbers]
        numbers += [v.to_dict() | {"class": name} for name, values in self.classes.items() for v in values]
        text = json.dumps({"format": FORMAT, **more, "numbers": numbers}, indent=2, allow_nan=False) + "\n"
        if path.suffix.lower() == ".csv":
            rows = [dict(dotted({**value, **self.cards})) for value in numbers]
            names = list(dict.fromkeys(name for row in rows for name in row))
            text = csv_text([names, *([str(row.get(name, "")) for name in names] for row in rows)])
        write_output(path, text.encode())


def read_evaluation(run: str | Path) -> Evaluation:
    """The evaluation of a run that RUN/metrics.json holds. Raises Refusal if there is none, or it cannot be read."""
    path = Path(run) / FILE
    if not path.exists():
        raise Refusal(f"{run} has not been evaluated: run `equilibria evaluate {run}`.")
    stored = read_json(path, Any, FORMAT)
    try:
        require(stored, _StoredEvaluation, str(path))
        for value in stored["numbers"]:
            require(value["card"], Provenance, f"{path}, {value['name']}")
        more = stored.get("about", ""), tuple(stored.get("notes", ())), stored.get("left_out", {})
        return Evaluation(tuple(map(MetricValue.from_dict, stored["numbers"])), *more)
    except ValueError as error:
        raise Refusal(f"{first_line(error).rstrip('.')}. Evaluate the run again.") from None


def stored_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run; without numbers if it was not evaluated."""
    return read_evaluation(folder) if (folder / FILE).is_file() else Evaluation(())


def _plain(value: float | None) -> float | str | None:
    """JSON has no word for what is not finite."""
    return value if value is None or math.isfinite(value) else str(value)


def _read(value: Any) -> float | None:
    return None if value is None else float(value)
