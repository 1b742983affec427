"""The display of a comparison: all runs on one screen, or a line when one starts or ends."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from rich.console import Group
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..recipes.options import read_budget
from ..studies.compare.trial import ComparisonLines, Outcome, Trial
from .display import Panel, Progress, on_terminal

_INTERVAL = 0.5  # seconds between redraws
_RESERVED = 6  # lines of the screen for text
_STYLES = {"finished": "green", "failed": "red", "interrupted": "yellow", "running": "cyan"}


def comparison_display() -> "ComparisonPanel | AbstractContextManager[ComparisonLines]":
    """A panel on a terminal, else lines."""
    return ComparisonPanel() if on_terminal() else nullcontext(ComparisonLines())


class ComparisonPanel(Panel):
    """Text, and below it a line for each run."""

    def __init__(self) -> None:
        super().__init__("reading the data and the recipes")
        self.live.vertical_overflow = "visible"
        self._rows = dict[str, tuple[str, str, Progress]]()  # state, text and progress, by trial
        self._drawn = 0.0

    def plan(self, trials: Sequence[Trial]) -> None:
        """Show all trials."""
        for trial in trials:
            self._set(trial, "waiting", "")
        self.live.start()
        self._draw()

    def begin(self, trial: Trial) -> None:
        """Show that a trial starts or continues."""
        self._set(trial, "running", "getting ready")
        self._draw()

    def show(self, trial: Trial, event: dict[str, Any]) -> None:
        """Follow an event of a run."""
        *_, progress = self._rows[str(trial)]
        progress.update(event)
        metric = [f"{name.replace('_', ' ')} {value:.3g}" for name, value in list(progress.metrics.items())[:1]]
        text = ", ".join([progress.round, *progress.times[1:], *metric])
        if event["kind"] == "stop":
            text = event["text"] + (" Evaluating." if event.get("reason") != "interrupted" else "")
        self._rows[str(trial)] = "running", text, progress
        if time.monotonic() > self._drawn + _INTERVAL:
            self._draw()

    def end(self, trial: Trial, outcome: Outcome) -> None:
        """Show that a trial has ended."""
        self._rows[str(trial)] = outcome.state, outcome.sentence, self._rows[str(trial)][2]
        self._draw()

    def _set(self, trial: Trial, state: str, text: str) -> None:
        self._rows[str(trial)] = state, text, Progress(read_budget(trial.options.get("budget")).seconds)

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        rows, room = list(self._rows.items()), max(self.console.height - _RESERVED, 4)
        if len(rows) > room:  # the waiting and finished ones are only counted
            rows = [(name, row) for name, row in rows if row[0] not in ("waiting", "finished")][:room]
        grid = Table.grid(padding=(0, 2))
        for name, (state, text, progress) in rows:
            share = 1.0 if state == "finished" else progress.share
            bar = ProgressBar(total=1.0, completed=share, width=16, complete_style="cyan", finished_style="green")
            line = Text(text, style="dim", overflow="ellipsis", no_wrap=state == "running")
            grid.add_row(name, bar, Text(state, style=_STYLES.get(state, "dim")), line)
        states = [state for state, *_ in self._rows.values()]
        counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
        self.live.update(Group(grid, Text(counts, style="dim")), refresh=True)
