"""What the doctor reads, and what he says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .series import Series

Event = Mapping[str, Any]

SICK, WARNING, REMARK = "sick", "warning", "remark"  # playing on will not mend it; it costs quality; worth knowing
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True)
class History:
    """A run's own records, and nothing else: works on old runs and on those that still play."""

    recipe: Mapping[str, Any]  # recipe.json
    summary: Mapping[str, Any]  # summary.json
    events: Sequence[Event]  # events.jsonl, in order

    def of(self, kind: str) -> list[Event]:
        """The events of one kind."""
        return [event for event in self.events if event["kind"] == kind]

    def seen(self, diagnostic: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """What one diagnostic saw, with the rounds."""
        for event in self.of("diagnosis"):
            if isinstance(found := event["seen"].get(diagnostic), Mapping):
                yield event["step"], found

    def series(self, diagnostic: str, *keys: str) -> Series:
        """One number of a diagnostic where it is one, after the first tenth of the rounds, in which nobody is well."""
        return self.whole(diagnostic, *keys).after(self.rounds // 10)

    def whole(self, diagnostic: str, *keys: str) -> Series:
        """The same from the first round on."""
        return Series.of((step, _within(seen, keys)) for step, seen in self.seen(diagnostic))

    def term(self, player: str, name: str) -> Series:
        """The mean of a player's term in each report."""
        return Series.of((event["step"], _within(event["terms"], (player, name))) for event in self.of("report"))

    @property
    def estimates(self) -> Series:
        """The critic's estimate of the distance in each report after the first tenth of the rounds."""
        return Series.of((event["step"], event.get("estimate")) for event in self.of("report")).after(self.rounds // 10)

    def measured(self) -> tuple[str, Series]:
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
        """The last round that anything is known of."""
        return max((event["step"] for event in self.events), default=0)

    @property
    def rounds(self) -> int:
        """Those that were planned."""
        return int(self.recipe.get("rounds", 0))

    @property
    def ended(self) -> str | None:
        """Why playing ended: the reason of the last stop; None for a run that plays, or was killed."""
        stops = self.of("stop")
        return str(stops[-1]["reason"]) if stops else None


@dataclass(frozen=True)
class Finding:
    """One thing that is seen of a run, with what to make of it."""

    name: str  # of the table: "collapse"
    what: str  # a sentence: what is seen
    sure: str  # "certain", "likely" or "possible"
    severity: str  # "sick", "warning" or "remark"
    evidence: tuple[str, ...]  # numbers, each with its round
    why: str  # why it happens, in two sentences with the source
    change: str  # what to do, with the exact flag
    step: int  # the round at which it was first seen

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


Symptom = Callable[[History], Finding | None]  # None where the run does not show it


def _within(seen: Any, keys: Sequence[str]) -> Any:
    """What lies under these keys, one below the other; None where there is nothing."""
    for key in keys:
        seen = seen.get(key) if isinstance(seen, Mapping) else None
    return seen
