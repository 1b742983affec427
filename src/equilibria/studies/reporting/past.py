"""A run as its own records tell it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...evaluation.doctor.base import History
from ...evaluation.doctor.reading import history


@dataclass(frozen=True)
class Curve:
    """A quantity over a run."""

    rounds: tuple[int, ...]
    seconds: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True)
class Past:
    """A run folder, read."""

    folder: Path
    history: History

    @property
    def recipe(self) -> Mapping[str, Any]:
        return self.history.recipe

    @property
    def summary(self) -> Mapping[str, Any]:
        return self.history.summary

    @property
    def data(self) -> str:
        """What the data call themselves."""
        return str(self.summary.get("data", {}).get("name") or self.recipe["data"]["name"])

    @property
    def stop(self) -> Mapping[str, Any]:
        """The last event: where the run is."""
        return self.history.events[-1]

    @property
    def images(self) -> int:
        """Real images that the critic was shown."""
        return int(next((event["images"] for event in reversed(self.history.of("report"))), 0))

    @property
    def best(self) -> int:
        """The round that was chosen as the best; 0 where none was."""
        return self.history.best or 0

    def metrics(self) -> dict[str, Curve]:
        """What was measured while it played."""
        return _curves((event, event["metrics"]) for event in self.history.of("measure"))

    def estimate(self) -> Curve | None:
        """The distance that the critic estimates, where it does."""
        return _curves((e, {"estimate": e["estimate"]}) for e in self.history.of("report")).get("estimate")

    def terms(self) -> dict[str, dict[str, Curve]]:
        """The summands of each player's loss."""
        reports = self.history.of("report")
        players = dict.fromkeys(player for event in reports for player in event["terms"])
        return {player: _curves((e, e["terms"].get(player, {})) for e in reports) for player in players}

    def seen(self, diagnostic: str, *keys: str) -> dict[str, Curve]:
        """Numbers of one diagnostic; of dictionaries in it, those at `keys`."""
        return _curves((event, _within(event["seen"].get(diagnostic), keys)) for event in self.history.of("diagnosis"))

    def sheets(self) -> list[tuple[int, Path]]:
        """The pictures of samples that are still there, with their rounds."""
        found = [(int(event["step"]), self.folder / event["file"]) for event in self.history.of("sample")]
        return [(step, path) for step, path in found if path.is_file()]


def past(folder: Path) -> Past:
    """The run in a folder. Raises Refusal if there is none, or it cannot be read."""
    found = history(folder)
    if not found.events:
        raise Refusal(f"The run in {folder} has not begun to play: nothing is known of it yet.")
    return Past(folder, found)


def _curves(told: Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> dict[str, Curve]:
    """From numbers by name at several events to a curve for each name; what is no number is left out."""
    found = dict[str, list[tuple[int, float, float]]]()
    for event, numbers in told:
        for name, value in numbers.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                found.setdefault(name, []).append((event["step"], event["elapsed"], float(value)))
    return {name: Curve(*zip(*rows, strict=True)) for name, rows in found.items()}


def _within(seen: Any, keys: tuple[str, ...]) -> Mapping[str, Any]:
    for key in keys:
        seen = seen.get(key) if isinstance(seen, Mapping) else None
    return seen if isinstance(seen, Mapping) else {}
