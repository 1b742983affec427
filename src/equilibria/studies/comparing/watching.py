"""What a comparison tells whoever watches."""

from collections.abc import Sequence
from typing import Any, Protocol

from .cells import Cell, Outcome


class Watch(Protocol):
    """Text to people; cells that wait, play and end to whoever draws them."""

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


class Lines:
    """A line where a cell begins and ends, for Python sessions and files."""

    def say(self, text: str) -> None:
        print(text, flush=True)

    def plan(self, cells: Sequence[Cell]) -> None:
        self._all, self._over = len(cells), 0

    def begin(self, cell: Cell) -> None:
        self.say(f"{cell}: begins.")

    def show(self, cell: Cell, event: dict[str, Any]) -> None:
        if event["kind"] == "stop":
            self.say(f"{cell}: round {event['step']:,} after {event['elapsed']:.0f} s. {event['text']}")

    def end(self, cell: Cell, found: Outcome) -> None:
        self._over += 1
        said = f": {found.sentence}" if found.sentence else "."
        self.say(f"{cell}: {found.state}{said} ({self._over} of {self._all})")
