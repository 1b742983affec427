"""Readers of the events of a run, one line of JSON each."""

import contextlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import Refusal, as_refusal
from ..core.stored import parse_json, require
from .folder import EVENTS
from .schemas import EVENTS as EVENT_TYPES
from .schemas import OTHER_EVENT

Event = Mapping[str, Any]
ENDLESS = 1 << 40  # rounds, if only the time ends a run


def read_events(path: Path, skip: int = 0) -> list[Event]:
    """The events in a file after `skip` bytes, without a line that is still being written.

    Raises Refusal for a file that cannot be read, and for a line that is no event, with its number.
    """
    with as_refusal(f"{path} cannot be read", OSError), path.open("rb") as file:
        file.seek(skip)
        lines = file.read().splitlines(keepends=True)
    return [_event(line, f"{path}, line {i}") for i, line in enumerate(lines, 1) if line.endswith(b"\n")]


def _event(line: bytes, where: str) -> dict[str, Any]:
    """The event of a line. Raises Refusal for a line that is none."""
    event: dict[str, Any] = parse_json(line, where)
    require(event, EVENT_TYPES.get(str(event.get("kind")), OTHER_EVENT), where)
    return event


class Tail:
    """A reader of the events of a run while another process writes them."""

    def __init__(self, folder: Path):
        self.path, self._read = folder / EVENTS, 0

    def new_events(self) -> list[dict[str, Any]]:
        """The events since the last call, in complete lines; all of them after a rollback."""
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._read:
                    self._read = 0
                file.seek(self._read)
                lines, end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._read += len(lines) + len(end)
        return list(_readable(lines, lambda line: _event(line, str(self.path))))


def stop_reason(events: Sequence[Event]) -> str | None:
    """The reason in the last event, if it is a stop; None for a run that is in training, or was killed."""
    return str(events[-1]["reason"]) if events and events[-1]["kind"] == "stop" else None


def thin(events: Sequence[Event], most: int = 200) -> list[Event]:
    """The events; of a kind with more than twice `most`, every second one but the last `most` is left out."""
    counts, places, result = Counter(event["kind"] for event in events), Counter[str](), list[Event]()
    for event in events:
        place = places[kind := event["kind"]]
        places[kind] += 1
        if counts[kind] <= 2 * most or place >= counts[kind] - most or place % 2 == 0:
            result.append(event)
    return result


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects in a file of one per line; other lines are skipped. Empty if the file cannot be read."""
    try:
        return list(parse_lines(path.read_bytes(), str(path)))
    except OSError:
        return []


def parse_lines(lines: bytes, where: str) -> Iterator[dict[str, Any]]:
    """The JSON objects in lines of one each; what is no object is skipped."""
    return (event for event in _readable(lines, lambda line: parse_json(line, where)) if isinstance(event, dict))


def _readable(lines: bytes, read: Callable[[bytes], dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """What can be read: after a rollback, the rest of a line may come first."""
    for line in lines.splitlines():
        with contextlib.suppress(Refusal):
            yield read(line)
