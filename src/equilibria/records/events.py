"""Readers of the events of a run, one line of JSON each."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..core.errors import Refusal, as_refusal
from .folder import EVENTS

Event = Mapping[str, Any]


def read_events(path: Path, skip: int = 0) -> list[Event]:
    """The events in a file after `skip` bytes, without a line that is still being written.

    Raises Refusal for a file that cannot be read, and for a line that is no event.
    """
    with as_refusal(f"{path} cannot be read", OSError, ValueError), path.open("rb") as file:
        file.seek(skip)
        events = [json.loads(line) for line in file.read().splitlines(keepends=True) if line.endswith(b"\n")]
    if any(not isinstance(event, dict) or not {"kind", "step"} <= event.keys() for event in events):
        raise Refusal(f"{path} has a line that is no event: an event has a kind and a step.")
    return events


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
        return [event for event in _objects(lines) if {"kind", "step", "elapsed"} <= event.keys()]


def stop_reason(folder: Path) -> str | None:
    """The reason in the last event of a run, if it is a stop; else None."""
    last = (Tail(folder).new_events() or [{"kind": ""}])[-1]
    return str(last["reason"]) if last["kind"] == "stop" else None


def read_lines(path: Path) -> list[dict[str, Any]]:
    """The JSON objects in a file of one per line; other lines are skipped. Empty if the file cannot be read."""
    try:
        return list(_objects(path.read_bytes()))
    except OSError:
        return []


def _objects(lines: bytes) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects: after a rollback, the rest of one may come first."""
    for line in lines.splitlines():
        with contextlib.suppress(ValueError):
            if isinstance(value := json.loads(line), dict):
                yield value
