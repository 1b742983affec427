"""Where a comparison's text and events go."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from .cells import Cell, Outcome

_SECONDS = 60.0  # of training between two lines of one run


class Watch(Protocol):
    """Text for people; cells that wait, run and end for figures."""

    def say(self, text: str) -> None:
        """A paragraph."""

    def plan(self, cells: Sequence[Cell]) -> None:
        """All cells, before the first begins."""

    def begin(self, cell: Cell) -> None:
        """A cell that begins, or is taken up."""

    def show(self, cell: Cell, event: dict[str, Any]) -> None:
        """Every event of a run."""

    def end(self, cell: Cell, found: Outcome) -> None:
        """A cell that ended, or had ended before."""


class Lines(AbstractContextManager["Lines"]):
    """A line where a run begins and ends, and one a minute, for Python sessions and files."""

    def __init__(self) -> None:
        self._count, self._over, self._next = 0, 0, dict[str, float]()

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        """A paragraph."""
        print(text, flush=True)

    def plan(self, cells: Sequence[Cell]) -> None:
        """All that is to be done."""
        self._count = len(cells)

    def begin(self, cell: Cell) -> None:
        """A run begins, or is taken up."""
        self.say(f"{cell}: begins.")

    def show(self, cell: Cell, event: dict[str, Any]) -> None:
        """Say now and then that it plays."""
        due = self._next.setdefault(str(cell), _SECONDS)
        if event["kind"] == "report" and event["elapsed"] >= due:
            self._next[str(cell)] = event["elapsed"] + _SECONDS
            self.say(f"{cell}: round {event['step']:,} after {event['elapsed']:.0f} s.")
        if event["kind"] == "stop":
            self.say(f"{cell}: round {event['step']:,} after {event['elapsed']:.0f} s. {event['text']}")

    def end(self, cell: Cell, found: Outcome) -> None:
        """A run is over."""
        self._over += found.state in ("finished", "failed")
        self.say(f"{cell}: {found.state}. {found.sentence}".rstrip() + f" ({self._over} of {self._count} are over)")
