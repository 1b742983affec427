"""Figures with their cards: as they are kept beside a run, and as they may stand in one column."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..core.errors import Failure, Refusal, check_format
from ..core.files import write_atomic
from ..evaluation.metrics.base import Measurement, Provenance, comparable

FORMAT = 1
FILE = "metrics.json"


@dataclass(frozen=True)
class MetricValue:
    """What was measured of a model at a checkpoint, beside the same of real samples."""

    name: str  # of the figure: one metric may answer several
    value: float
    error: float | None  # standard error, where one is known
    better: str  # "lower", "higher" or "neither"
    round: int  # of the checkpoint
    floor: Measurement | None  # of as many real training samples in place of generated ones
    card: Provenance

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        floor = None if self.floor is None else {"value": _plain(self.floor.value), "error": _plain(self.floor.error)}
        told = {"name": self.name, "value": _plain(self.value), "error": _plain(self.error), "better": self.better}
        return told | {"round": self.round, "floor": floor, "card": self.card.to_dict()}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], where: str) -> Self:
        """A number that was stored. Raises Refusal for one that is not whole."""
        try:
            card, floor = Provenance.from_dict(stored["card"], where), stored["floor"]
            known = None if floor is None else Measurement(float(floor["value"]), _read(floor["error"]))
            value, error = float(stored["value"]), _read(stored["error"])
            return cls(str(stored["name"]), value, error, str(stored["better"]), int(stored["round"]), known, card)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, Refusal):
                raise
            raise Refusal(f"{where} holds a number that is not whole ({error}): measure it again.") from None


@dataclass(frozen=True)
class Evaluation:
    """All that was measured of a run at one time."""

    numbers: tuple[MetricValue, ...]
    about: str = ""  # the network that samples were seen by, in words

    def names(self) -> list[str]:
        """The figures, in the order in which they were measured."""
        return list(dict.fromkeys(number.name for number in self.numbers))

    def of(self, name: str, checkpoint: str) -> MetricValue | None:
        """A figure at a checkpoint, if it was measured."""
        found = (number for number in self.numbers if (number.name, number.card.checkpoint) == (name, checkpoint))
        return next(found, None)

    def write(self, run: Path) -> None:
        """Keep the numbers beside the run, whole or not at all, in the place of those that were there."""
        told = {"format": FORMAT, "about": self.about, "numbers": [n.to_dict() for n in self.numbers]}
        try:
            write_atomic(run / FILE, (json.dumps(told, indent=2, allow_nan=False) + "\n").encode())
        except OSError as error:
            raise Failure(f"{run / FILE} cannot be written: {error.strerror or error}.") from error


def read_evaluation(run: str | Path) -> Evaluation:
    """The numbers beside a run. Raises Refusal where there are none, or none that can be read."""
    path = Path(run) / FILE
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"{run} has not been evaluated: say `equilibria evaluate {run}`.") from None
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read ({error}): evaluate the run again.") from None
    if not isinstance(told, dict) or not isinstance(told.get("numbers"), list):
        raise Refusal(f"{path} holds no numbers with cards: evaluate the run again.")
    check_format(told, FORMAT, str(path))
    numbers = tuple(MetricValue.from_dict(each, str(path)) for each in told["numbers"])
    return Evaluation(numbers, str(told.get("about", "")))


def comparable_values(
    evaluations: Mapping[str, Evaluation], name: str, checkpoint: str = "best"
) -> dict[str, MetricValue]:
    """The same figure of several runs, by whose it is. Raises Refusal where the cards differ, naming the fields."""
    found = {run: number for run, each in evaluations.items() if (number := each.of(name, checkpoint)) is not None}
    if missing := [run for run in evaluations if run not in found]:
        raise Refusal(f"{', '.join(missing)} has no {name} at its {checkpoint} checkpoint: evaluate it with --metrics.")
    comparable({run: number.card for run, number in found.items()})
    return found


def _plain(value: float | None) -> float | str | None:
    """JSON has no word for what is not finite."""
    return value if value is None or math.isfinite(value) else str(value)


def _read(value: Any) -> float | None:
    return None if value is None else float(value)
