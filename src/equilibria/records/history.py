"""The history of a run: its events as curves, and their trends."""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from ..core.errors import Refusal
from .events import Event, read_events
from .folder import RunFolder

_LATE = 3  # the late part is the last third of the values, and at least so many
_MOST = 0.75  # of the late values must agree


@dataclass(frozen=True)
class Series:
    """Rounds in order, and a finite number at each."""

    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, Any]]) -> Self:
        """The finite numbers among values at rounds."""
        numbers = [(step, float(value)) for step, value in pairs if _is_number(value)]
        return cls(tuple(step for step, _ in numbers), tuple(value for _, value in numbers))

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def late(self) -> "Series":
        """The last third, at least three; empty where there are not so many after the first."""
        count = max(_LATE, math.ceil(len(self) / 3))
        return self[-count:] if len(self) > count else Series()

    @property
    def early(self) -> "Series":
        """What lies before the late part."""
        return self[: len(self) - len(self.late)]

    @property
    def median(self) -> float:
        """Of the values; no number where there are none."""
        return statistics.median(self.values) if self.values else math.nan

    def __getitem__(self, part: slice) -> "Series":
        return Series(self.steps[part], self.values[part])

    def after(self, step: int) -> "Series":
        """The part after this round."""
        return Series.of((at, value) for at, value in zip(self.steps, self.values, strict=True) if at > step)

    def since(self, holds: Callable[[float], bool]) -> int | None:
        """The first round from which it holds for most values to the end; None unless it holds for most late ones."""
        shown = [holds(value) for value in self.values]
        count = len(self.late)
        if not count or sum(shown[-count:]) < _MOST * count:
            return None
        starts = (i for i, yes in enumerate(shown) if yes and sum(shown[i:]) >= _MOST * (len(shown) - i))
        return self.steps[next(starts)]

    def evidence(self, what: str, form: str = ".3g") -> str:
        """A piece of evidence: the median of the late values, and the last, with their rounds."""
        late = self.late if len(self.late) else self
        if not len(late):
            return f"{what}: never seen"
        spelled = f"{what}: {late.values[-1]:{form}} at round {late.steps[-1]:,}"
        return spelled + (f", median {late.median:{form}} since round {late.steps[0]:,}" if len(late) > 1 else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class Curve:
    """A quantity over a run."""

    rounds: tuple[int, ...]
    seconds: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class History:
    """The recipe, the summary and the events of a run, and nothing else."""

    recipe: Mapping[str, Any]  # as it is stored
    summary: Mapping[str, Any]  # likewise
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
        """One number of a diagnostic where it is one, after the first tenth of the rounds, in which nobody is well."""
        return self.full_series(diagnostic, *keys).after(self.rounds // 10)

    def full_series(self, diagnostic: str, *keys: str) -> Series:
        """The same from the first round on."""
        return Series.of((step, _within(result, keys)) for step, result in self.results(diagnostic))

    def term(self, player: str, name: str) -> Series:
        """The mean of a player's term in each report."""
        return Series.of((event["step"], _within(event["terms"], (player, name))) for event in self.of("report"))

    @property
    def estimates(self) -> Series:
        """The critic's estimate of the distance in each report after the first tenth of the rounds."""
        return Series.of((event["step"], event.get("estimate")) for event in self.of("report")).after(self.rounds // 10)

    def selection_metric(self) -> tuple[str, Series]:
        """The measure on held-out data by which the best round is chosen, lower is better, and its name."""
        events = self.of("measure")
        name = next(iter(events[0]["metrics"]), "") if events else ""
        return name, Series.of((event["step"], event["metrics"].get(name)) for event in events)

    @property
    def best(self) -> int | None:
        """The round that is kept as the best; None where nothing was kept yet."""
        return next((event["step"] for event in reversed(self.of("checkpoint")) if event.get("best")), None)

    @property
    def step(self) -> int:
        """The last round that anything is recorded of."""
        return max((event["step"] for event in self.events), default=0)

    @property
    def rounds(self) -> int:
        """Those that were planned."""
        return int(self.recipe.get("rounds", 0))

    @property
    def stop_reason(self) -> str | None:
        """Why the run ended: the reason of the last stop; None for a run that is still training, or was killed."""
        stops = self.of("stop")
        return str(stops[-1]["reason"]) if stops else None

    @property
    def data(self) -> str:
        """The name of the data."""
        return str(self.summary.get("data", {}).get("name") or self.recipe["data"]["name"])

    @property
    def images(self) -> int:
        """Real images that the critic was shown."""
        return int(next((event["images"] for event in reversed(self.of("report"))), 0))

    def metric_curves(self) -> dict[str, Curve]:
        """What was measured during training."""
        return _curves((event, event["metrics"]) for event in self.of("measure"))

    def estimate_curve(self) -> Curve | None:
        """The distance that the critic estimates, where it does."""
        return _curves((e, {"estimate": e["estimate"]}) for e in self.of("report")).get("estimate")

    def term_curves(self) -> dict[str, dict[str, Curve]]:
        """The summands of each player's loss."""
        reports = self.of("report")
        players = dict.fromkeys(player for event in reports for player in event["terms"])
        return {player: _curves((e, e["terms"].get(player, {})) for e in reports) for player in players}

    def diagnostic_curves(self, diagnostic: str, *keys: str) -> dict[str, Curve]:
        """Numbers of one diagnostic; of dictionaries in it, those at `keys`."""
        events = self.of("diagnosis")
        return _curves((event, _mapping(_within(event["seen"].get(diagnostic), keys))) for event in events)

    def sample_grids(self) -> list[tuple[int, Path]]:
        """The sheets of samples that are still there, with their rounds."""
        files = [(int(event["step"]), self.folder / event["file"]) for event in self.of("sample")]
        return [(step, path) for step, path in files if path.is_file()]

    def require_events(self) -> Self:
        """The same. Raises Refusal for a run without any event."""
        if not self.events:
            raise Refusal(f"The run in {self.folder} has not begun to play: nothing is known of it yet.")
        return self


def read_history(path: Path) -> History:
    """What a run has written so far. Raises Refusal if there is no run, or its records cannot be read."""
    folder = RunFolder.open(path)
    return History(folder.recipe(), folder.summary(), read_events(folder.events_file), path)


def _curves(rows: Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Curve]:
    """From numbers by name at several events to a curve for each name; what is no number is left out."""
    points = dict[str, list[tuple[int, float, float]]]()
    for event, numbers in rows:
        for name, value in numbers.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                points.setdefault(name, []).append((event["step"], event["elapsed"], float(value)))
    return {name: Curve(*zip(*rows, strict=True)) for name, rows in points.items()}


def _within(value: Any, keys: Sequence[str]) -> Any:
    """What lies under these keys, one below the other; None where there is nothing."""
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
