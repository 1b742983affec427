"""Metric values with their provenance, and the file that holds those of a run."""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..core.errors import Refusal, check_format
from ..core.files import write_output
from ..evaluation.metrics.base import Measurement, Provenance, comparable

FORMAT = 1
FILE = "metrics.json"


@dataclass(frozen=True)
class MetricValue:
    """One metric of a model at one checkpoint, and of real samples."""

    name: str  # a metric may have several values, each with a name
    value: float
    error: float | None  # standard error, where it is known
    better: str  # "lower", "higher" or "neither"
    round: int  # of the checkpoint
    floor: Measurement | None  # the same with real training samples in place of generated ones
    provenance: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        floor = None if self.floor is None else {"value": _plain(self.floor.value), "error": _plain(self.floor.error)}
        stored = {"name": self.name, "value": _plain(self.value), "error": _plain(self.error), "better": self.better}
        return stored | {"round": self.round, "floor": floor, "card": self.provenance.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], where: str) -> Self:
        """A value that was stored. Raises Refusal for one that is incomplete."""
        try:
            provenance, floor = Provenance.from_dict(_renewed(stored["card"]), where), stored["floor"]
            floor = None if floor is None else Measurement(float(floor["value"]), _read(floor["error"]))
            value, error = float(stored["value"]), _read(stored["error"])
            return cls(
                str(stored["name"]), value, error, str(stored["better"]), int(stored["round"]), floor, provenance
            )
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, Refusal):
                raise
            raise Refusal(f"{where} holds an incomplete number ({error}): evaluate the run again.") from None


@dataclass(frozen=True)
class Evaluation:
    """All metric values of one evaluation of a run."""

    numbers: tuple[MetricValue, ...]
    about: str = ""  # the feature network, in words

    def names(self) -> list[str]:
        """The names of the values, in the order in which they were measured."""
        return list(dict.fromkeys(value.name for value in self.numbers))

    def of(self, name: str, checkpoint: str) -> MetricValue | None:
        """A value at a checkpoint, if it was measured."""
        return next((v for v in self.numbers if (v.name, v.provenance.checkpoint) == (name, checkpoint)), None)

    def write(self, run: Path) -> None:
        """Write RUN/metrics.json, atomically, in place of an earlier evaluation. Raises Failure if it cannot be."""
        stored = {"format": FORMAT, "about": self.about, "numbers": [value.to_dict() for value in self.numbers]}
        write_output(run / FILE, (json.dumps(stored, indent=2, allow_nan=False) + "\n").encode())


def read_evaluation(run: str | Path) -> Evaluation:
    """The evaluation of a run that RUN/metrics.json holds. Raises Refusal if there is none, or it cannot be read."""
    path = Path(run) / FILE
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"{run} has not been evaluated: run `equilibria evaluate {run}`.") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read ({error}): evaluate the run again.") from None
    if not isinstance(stored, dict) or not isinstance(stored.get("numbers"), list):
        raise Refusal(f"{path} holds no numbers with their provenance: evaluate the run again.")
    check_format(stored, FORMAT, str(path))
    return Evaluation(
        tuple(MetricValue.from_dict(each, str(path)) for each in stored["numbers"]), str(stored.get("about", ""))
    )


def stored_evaluation(folder: Path) -> Evaluation:
    """The evaluation of a run; without numbers if it was not evaluated."""
    return read_evaluation(folder) if (folder / FILE).is_file() else Evaluation(())


def comparable_values(
    evaluations: Mapping[str, Evaluation], name: str, checkpoint: str = "best"
) -> dict[str, MetricValue]:
    """The same metric of several runs, by name. Raises Refusal if provenances differ, and names the fields."""
    values = {run: value for run, each in evaluations.items() if (value := each.of(name, checkpoint)) is not None}
    if missing := [run for run in evaluations if run not in values]:
        raise Refusal(f"{', '.join(missing)} has no {name} at its {checkpoint} checkpoint: evaluate it with --metrics.")
    comparable({run: value.provenance for run, value in values.items()})
    return values


def _renewed(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The record in the words of today, so that it can be compared: earlier versions ended `split` by `beside it`."""
    split = re.sub(r"beside\sit$", "for comparison", str(provenance["split"]))
    return {**provenance, "split": split}


def _plain(value: float | None) -> float | str | None:
    """JSON has no word for what is not finite."""
    return value if value is None or math.isfinite(value) else str(value)


def _read(value: Any) -> float | None:
    return None if value is None else float(value)
