"""The history of a run: its events as series and curves."""

import math
import re
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..core.errors import Refusal
from .events import Event, read_events, stop_reason
from .folder import RunFolder

_LATE = 3  # the late part is the last third, and at least so many values
_GRID, _LARGEST_GRID, _PNG = r"samples/[0-9]+\.png", 32 << 20, b"\x89PNG\r\n\x1a\n"  # of sample grids
_MOST = 0.75  # the share of values that `since` calls most


@dataclass(frozen=True)
class Series:
    """Finite numbers by round, in order."""

    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, Any]]) -> Self:
        """The series of those values that are finite numbers."""
        numbers = [(step, float(value)) for step, value in pairs if _is_number(value)]
        return cls(tuple(step for step, _ in numbers), tuple(value for _, value in numbers))

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def late(self) -> "Series":
        """The last third, at least three values; empty if there are fewer than four."""
        count = max(_LATE, math.ceil(len(self) / 3))
        return self[-count:] if len(self) > count else Series()

    @property
    def early(self) -> "Series":
        """The part before the late one."""
        return self[: len(self) - len(self.late)]

    @property
    def median(self) -> float:
        """The median of the values; NaN if there are none."""
        return statistics.median(self.values) if self.values else math.nan

    @property
    def typical(self) -> float:
        """The median of the late values; of fewer than four, the last one; NaN if there are none."""
        return (self.late if len(self.late) else self[-1:]).median

    def __getitem__(self, part: slice) -> "Series":
        return Series(self.steps[part], self.values[part])

    def after(self, step: int) -> "Series":
        """The part after round `step`."""
        return Series.of((at, value) for at, value in zip(self.steps, self.values, strict=True) if at > step)

    def since(self, holds: Callable[[float], bool]) -> int | None:
        """The first round from which most values satisfy `holds`; None if most of the late ones do not."""
        true = [holds(value) for value in self.values]
        count = len(self.late)
        if not count or sum(true[-count:]) < _MOST * count:
            return None
        starts = (i for i, first in enumerate(true) if first and sum(true[i:]) >= _MOST * (len(true) - i))
        return self.steps[next(starts)]

    def shows(self, holds: Callable[[float], bool]) -> int | None:
        """The same; of fewer than four values, the round of the last one if it satisfies `holds`."""
        if len(self.late) or not len(self):
            return self.since(holds)
        return self.steps[-1] if holds(self.values[-1]) else None

    def evidence(self, what: str, form: str = ".3g") -> str:
        """One line of evidence: the last value and the median of the late ones, with their rounds."""
        late = self.late if len(self.late) else self
        if not len(late):
            return f"{what}: not recorded"
        median = f", median {late.median:{form}} since round {late.steps[0]:,}" if len(late) > 1 else ""
        return f"{what}: {late.values[-1]:{form}} at round {late.steps[-1]:,}{median}"


def _is_number(value: Any, finite: bool = True) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and (math.isfinite(value) or not finite)


@dataclass(frozen=True)
class Curve:
    """A value over rounds and seconds of training."""

    rounds: tuple[int, ...]
    seconds: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class History:
    """The recipe, the summary and the events of a run, as stored."""

    recipe: Mapping[str, Any]
    summary: Mapping[str, Any]
    events: Sequence[Event]  # in order
    folder: Path = Path()

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if event["kind"] == kind]

    def results(self, diagnostic: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """The results of one diagnostic, with the rounds."""
        for event in self.of("diagnosis"):
            if isinstance(result := event["seen"].get(diagnostic), Mapping):
                yield event["step"], result

    def series(self, diagnostic: str, *keys: str) -> Series:
        """One number of a diagnostic, without the first tenth of the rounds, when no run is stable yet."""
        return self.full_series(diagnostic, *keys).after(self.rounds // 10)

    def full_series(self, diagnostic: str, *keys: str) -> Series:
        """One number of a diagnostic, from the first round on."""
        return Series.of((step, _within(result, keys)) for step, result in self.results(diagnostic))

    @property
    def estimates(self) -> Series:
        """The critic's estimate of the distance in each report, without the first tenth of the rounds."""
        return Series.of((event["step"], event.get("estimate")) for event in self.of("report")).after(self.rounds // 10)

    def selection_metric(self) -> tuple[str, Series]:
        """The name and the values of the metric that selects the best round; lower is better."""
        events = self.of("measure")
        name = next(iter(events[0]["metrics"]), "") if events else ""
        return name, Series.of((event["step"], event["metrics"].get(name)) for event in events)

    @property
    def best(self) -> int | None:
        """The best round; None if there is no checkpoint yet."""
        return next((event["step"] for event in reversed(self.of("checkpoint")) if event.get("best")), None)

    @property
    def step(self) -> int:
        """The last recorded round."""
        return max((event["step"] for event in self.events), default=0)

    @property
    def rounds(self) -> int:
        """The planned number of rounds."""
        return int(self.recipe.get("rounds", 0))

    @property
    def stop_reason(self) -> str | None:
        """The reason of the last stop; None for a run that is still training, or was killed."""
        return stop_reason(self.events)

    @property
    def data(self) -> str:
        """The name of the data."""
        return str(self.summary.get("data", {}).get("name") or self.recipe["data"]["name"])

    @property
    def images(self) -> int:
        """The number of real samples that the critic got."""
        return int(next((event["images"] for event in reversed(self.of("report"))), 0))

    def metric_curves(self) -> dict[str, Curve]:
        """The metrics that were computed during training."""
        return _curves((event, event["metrics"]) for event in self.of("measure"))

    def real_levels(self) -> dict[str, float]:
        """The same metrics of as many real samples in place of generated ones; none in runs of earlier versions."""
        return next((dict(event.get("real", {})) for event in reversed(self.of("measure"))), {})

    def estimate_curve(self) -> Curve | None:
        """The critic's estimate of the distance, if it has one."""
        return _curves((e, {"estimate": e["estimate"]}) for e in self.of("report")).get("estimate")

    def term_curves(self) -> dict[str, dict[str, Curve]]:
        """The terms of each player's loss."""
        reports = self.of("report")
        players = dict.fromkeys(player for event in reports for player in event["terms"])
        return {player: _curves((e, e["terms"].get(player, {})) for e in reports) for player in players}

    def diagnostic_curves(self, diagnostic: str, *keys: str) -> dict[str, Curve]:
        """The numbers of one diagnostic, by name; with `keys`, of a dictionary in it."""
        events = self.of("diagnosis")
        results = [(event, _within(event["seen"].get(diagnostic), keys)) for event in events]
        return _curves((event, numbers) for event, numbers in results if isinstance(numbers, Mapping))

    def rows(self) -> list[dict[str, float]]:
        """A row per report, in order: its round and seconds, all numbers by dotted names, and metrics measured then."""
        rows = dict[int, dict[str, float]]()
        for event in self.events:
            if event["kind"] == "report":
                numbers = {"estimate": event["estimate"], **event["terms"], "lr": event.get("rates", {})}
                row = {"round": event["step"], "seconds": event["elapsed"], "images": event["images"]}
                rows[event["step"]] = row | dict(dotted(numbers))
            elif event["kind"] == "measure" and event["step"] in rows:
                rows[event["step"]] |= dict(dotted(event["metrics"]))
        return list(rows.values())

    def sample_grids(self) -> list[tuple[int, Path]]:
        """The files of existing sample grids, with their rounds. An event that names another file is left out."""
        named = [(int(event["step"]), event["file"]) for event in self.of("sample")]
        files = [(step, self.folder / file) for step, file in named if re.fullmatch(_GRID, file)]
        return [(step, path) for step, path in files if _is_picture(path)]

    def require_events(self) -> Self:
        """The same history. Raises Refusal for a run without events."""
        if not self.events:
            raise Refusal(f"The run in {self.folder} has no events yet: wait until it trains.")
        return self


def _is_picture(path: Path) -> bool:
    """Whether a PNG of usual size is there, not a link to one."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGEST_GRID:
        return False
    with path.open("rb") as file:
        return file.read(len(_PNG)) == _PNG


def read_history(path: Path) -> History:
    """The history of a run so far. Raises Refusal if there is no run, or its records cannot be read."""
    folder = RunFolder.open(path)
    return History(folder.recipe(), folder.summary(), read_events(folder.events_file), path)


def _curves(rows: Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Curve]:
    """A curve for each name in the numbers of several events; values that are no numbers are left out."""
    points = dict[str, list[tuple[int, float, float]]]()
    for event, numbers in rows:
        for name, value in numbers.items():
            if _is_number(value, finite=False):
                points.setdefault(name, []).append((event["step"], event["elapsed"], float(value)))
    return {name: Curve(*zip(*rows, strict=True)) for name, rows in points.items()}


def dotted(numbers: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The values in nested dictionaries, by their path; None is left out."""
    for name, value in numbers.items():
        if isinstance(value, Mapping):
            yield from dotted(value, f"{prefix}{name}.")
        elif value is not None:
            yield prefix + name, value


def _within(value: Any, keys: Sequence[str]) -> Any:
    """The value under nested keys; None if there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value
