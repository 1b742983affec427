"""The events of a run while another process writes them."""

import json
from pathlib import Path
from typing import Any

from ...training.records import EVENTS


class Follower:
    """Reads on from where it last stopped."""

    def __init__(self, folder: Path):
        self.path, self._read = folder / EVENTS, 0

    def news(self) -> list[dict[str, Any]]:
        """The events since the last look, whole lines alone; from the start again where a run was set back."""
        try:
            with self.path.open("rb") as file:
                if file.seek(0, 2) < self._read:
                    self._read = 0
                file.seek(self._read)
                whole, end, _ = file.read().rpartition(b"\n")
        except OSError:
            return []
        self._read += len(whole) + len(end)
        return [event for line in whole.splitlines() if (event := _event(line)) is not None]


def _event(line: bytes) -> dict[str, Any] | None:
    """A line, unless it is the rest of one: a run was set back, and has grown past this place since."""
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and {"kind", "step", "elapsed"} <= event.keys() else None
