"""The display of a comparison: all runs on one screen, or a line where one begins and ends."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..studies.compare.trial import ComparisonLines
from .display import Progress, on_terminal

if TYPE_CHECKING:
    from ..studies.compare.trial import Outcome, Trial

_REDRAWN = 0.5  # seconds between two pictures
_ABOVE = 6  # lines of the screen that are kept for text
_QUIET = ("waiting", "finished")  # states that are counted where there is no room for all
_STYLES = {"finished": "green", "failed": "red", "interrupted": "yellow", "playing": "cyan"}


def comparison_display() -> "ComparisonPanel | ComparisonLines":
    """A panel on a terminal, else lines."""
    return ComparisonPanel() if on_terminal() else ComparisonLines()


class ComparisonPanel(AbstractContextManager["ComparisonPanel"]):
    """A line for each run, all on one screen; text above."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, vertical_overflow="visible")
        self._rows = dict[str, tuple[str, str, Progress]]()  # by trial: state, what is said of it, how far it is
        self._drawn = 0.0

    def __enter__(self) -> Self:
        self.console.print("Getting ready: looking at the data and the recipes.", style="dim")
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def say(self, text: str) -> None:
        """A paragraph, above the table while there is one."""
        self.console.print(text, markup=False)

    def plan(self, trials: "Sequence[Trial]") -> None:
        """A line for each."""
        self._rows = {str(trial): ("waiting", "", _progress(trial)) for trial in trials}
        self.live.start()
        self._draw()

    def begin(self, trial: "Trial") -> None:
        """A run begins, or is taken up."""
        self._rows[str(trial)] = "playing", "getting ready", _progress(trial)
        self._draw()

    def show(self, trial: "Trial", event: dict[str, Any]) -> None:
        """Follow an event."""
        *_, progress = self._rows[str(trial)]
        progress.take(event)
        over = event["kind"] == "stop"
        more = " Measuring." if event.get("reason") != "interrupted" else ""
        said = event["text"] + more if over else _facts(progress)
        self._rows[str(trial)] = "playing", said, progress
        if time.monotonic() > self._drawn + _REDRAWN:
            self._draw()

    def end(self, trial: "Trial", found: "Outcome") -> None:
        """A run is over."""
        self._rows[str(trial)] = found.state, found.sentence, self._rows[str(trial)][2]
        self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        shown = dict(self._rows)
        if len(shown) > (room := max(self.console.height - _ABOVE, 4)):  # more than the screen holds
            shown = {name: row for name, row in shown.items() if row[0] not in _QUIET}
            shown = dict(list(shown.items())[:room])
        grid = Table.grid(padding=(0, 2))
        for name, (state, said, progress) in shown.items():
            share = 1.0 if state == "finished" else progress.share
            bar = ProgressBar(total=1.0, completed=share, width=16, complete_style="cyan", finished_style="green")
            told = Text(said, style="dim", overflow="ellipsis", no_wrap=state == "playing")
            grid.add_row(name, bar, Text(state, style=_STYLES.get(state, "dim")), told)
        states = [state for state, *_ in self._rows.values()]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        self.live.update(Group(grid, Text(counts, style="dim")), refresh=True)


def _facts(progress: Progress) -> str:
    """How far it is, and the first number that is known."""
    left = [] if progress.left is None else [f"{progress.left:,.0f} s left"]
    known = [f"{name.replace('_', ' ')} {value:.3g}" for name, value in list(progress.metrics.items())[:1]]
    return ", ".join([progress.round, *left, *known])


def _progress(trial: "Trial") -> Progress:
    from ..recipes.options import read_budget

    return Progress(read_budget(trial.options.get("budget")).seconds)
