"""What the doctor reads, and what he says."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Event = Mapping[str, Any]


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
            if diagnostic in event["seen"]:
                yield event["step"], event["seen"][diagnostic]


@dataclass(frozen=True)
class Finding:
    """One thing that is seen of a run, with what to make of it."""

    name: str  # of the table: "collapse"
    what: str  # a sentence: what is seen
    sure: str  # "certain", "likely" or "possible"
    evidence: tuple[str, ...]  # numbers, each with its round
    why: str  # why it happens, in two sentences with the source
    change: str  # what to do, with the exact flag
    step: int  # the round at which it was first seen


Symptom = Callable[[History], Finding | None]  # None where the run does not show it
