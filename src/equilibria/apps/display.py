"""What is seen of a run while it plays: a panel on a terminal, else a line now and then."""

import os
import sys
from contextlib import suppress
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from .progress import Progress

_LINES = 25  # of a run that nobody watches on a terminal, about


def watching(seconds: float | None = None) -> "Panel | Lines":
    """A panel on a terminal, else lines. `seconds` is the time to play in all, where that is limited."""
    on_terminal = sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")
    return Panel(seconds) if on_terminal else Lines(seconds)


class Panel:
    """Text above, and below it how the run stands: redrawn at its events, never in between."""

    def __init__(self, seconds: float | None = None, console: Console | None = None):
        self.progress, self.console = Progress(seconds), console or Console(highlight=False)
        self.live = Live(console=self.console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self.console.print("Getting ready: looking at the data, trying a few moves.", style="dim")
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def say(self, text: str) -> None:
        """A paragraph, above the panel while there is one."""
        self.console.print(text, markup=False)

    def show(self, event: dict[str, Any]) -> None:
        """Follow an event."""
        self.progress.take(event)
        if event["kind"] == "start":
            self.console.print()
            self.live.start()
        self.live.update(panel(self.progress), refresh=True)
        if event["kind"] == "stop":
            self.live.stop()
            self.console.print()


def panel(progress: Progress) -> Group:
    """How the run stands, in a few lines."""
    top = Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=progress.share, width=30, complete_style="cyan", finished_style="cyan")
    top.add_row(Text(progress.round, style="bold"), bar, f"{progress.share:4.0%}", *_pace(progress))
    rows = Table.grid(padding=(0, 2))
    for name, value in facts(progress).items():
        rows.add_row(Text(f"  {name}", style="dim"), value)
    return Group(top, rows)


def facts(progress: Progress) -> dict[str, str]:
    """What is known of the play, in words."""
    found = {}
    if progress.estimate is not None:
        measured, _, units = progress.measures.partition(", ")
        found[measured or "critic's estimate"] = f"at least {progress.estimate:.4g}" + f" ({units})" * bool(units)
    found |= {name.replace("_", " "): f"{value:.4g}" for name, value in progress.penalties.items()}
    found |= {f"held out, {name.replace('_', ' ')}": f"{value:.4g}" for name, value in progress.metrics.items()}
    return found | ({"last picture": progress.sheet} if progress.sheet else {})


class Lines:
    """Plain lines, a report now and then: for files and pipes."""

    def __init__(self, seconds: float | None = None):
        self.progress, self._next = Progress(seconds), 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        """A paragraph."""
        with suppress(BrokenPipeError):  # nobody reads on: that is no reason to stop playing
            print(text, flush=True)

    def show(self, event: dict[str, Any]) -> None:
        """Follow an event; print a report when enough has happened since the last."""
        self.progress.take(event)
        if event["kind"] == "report" and self._is_due():
            known = [f"{name} {value}" for name, value in facts(self.progress).items() if name != "last picture"]
            self.say(", ".join([self.progress.round, *_pace(self.progress), *known]))

    def _is_due(self) -> bool:
        """Every 25th of the way, or, where the end is not known, when a fifth more was played than last time."""
        progress = self.progress
        at = progress.share if progress.share > 0 else progress.elapsed
        if at < self._next:
            return False
        self._next = (int(at * _LINES) + 1) / _LINES if progress.share > 0 else at * 1.2 + 1
        return True


def _pace(progress: Progress) -> list[str]:
    """Images a second, and the time left."""
    from ..recipes.opening import duration  # with torch, which the first words do not wait for

    speed = [] if progress.speed is None else [f"{progress.speed:,.0f} images/s"]
    return speed + ([] if progress.left is None else [f"{duration(progress.left)} left"])
