"""The display of one run: a panel on a terminal, else a line now and then."""

import os
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

_LINES = 25  # of a run that nobody watches on a terminal, about
_ENDLESS = 1 << 40  # rounds: the clock decides


@dataclass
class Progress:
    """What the last events said."""

    seconds: float | None = None  # the time to play in all, where that is limited
    rounds: int = 0  # to play in all
    step: int = 0
    elapsed: float = 0.0
    speed: float | None = None  # real images shown to the critic, a second
    estimate: float | None = None
    measures: str = ""  # what the estimate bounds from below; after a comma its units
    terms: dict[str, dict[str, float]] = field(default_factory=dict)  # by player
    metrics: dict[str, float] = field(default_factory=dict)
    sheet: str | None = None
    _began: tuple[int, float] = (0, 0.0)  # round and time at which this sitting began
    _seen: tuple[int, float] | None = None  # images and time at the last report

    def take(self, event: dict[str, Any]) -> None:
        """Follow one event."""
        self.step, self.elapsed = event["step"], event["elapsed"]
        match event["kind"]:
            case "start":
                self.rounds, self._began = event["rounds"], (self.step, self.elapsed)
                self.measures = event.get("measures", "")
            case "report":
                self._report(event)
            case "measure":
                self.metrics = event["metrics"]
            case "sample":
                self.sheet = event["file"]

    def _report(self, event: dict[str, Any]) -> None:
        now = event["images"], event["elapsed"]
        if self._seen is not None and now[1] > self._seen[1]:
            self.speed = (now[0] - self._seen[0]) / (now[1] - self._seen[1])
        elif self._began[0] == 0 and now[1] > 0:
            self.speed = now[0] / now[1]
        self._seen, self.estimate, self.terms = now, event["estimate"], event["terms"]

    @property
    def share(self) -> float:
        """Of the way that is behind: 0 to 1."""
        by_rounds = self.step / self.rounds if 0 < self.rounds < _ENDLESS else 0.0
        return min(max(by_rounds, self.elapsed / self.seconds if self.seconds else 0.0), 1.0)

    @property
    def left(self) -> float | None:
        """Seconds to the end, as far as can be told."""
        rounds, seconds = self.step - self._began[0], self.elapsed - self._began[1]
        ends = [] if self.seconds is None else [self.seconds - self.elapsed]
        if rounds > 0 and self.rounds < _ENDLESS:
            ends.append(seconds / rounds * (self.rounds - self.step))
        return max(min(ends), 0.0) if ends else None

    @property
    def round(self) -> str:
        """Round x of y."""
        of = f" of {self.rounds:,}" if self.rounds < _ENDLESS and self.seconds is None else ""
        return f"round {self.step:,}{of}"

    @property
    def penalties(self) -> dict[str, float]:
        """What players pay beside their divergence."""
        return {name: value for terms in self.terms.values() for name, value in terms.items() if name != "divergence"}


def on_terminal() -> bool:
    """Whether the output can be redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def run_display(seconds: float | None = None) -> "RunPanel | RunLines":
    """A panel on a terminal, else lines. `seconds` is the time to play in all, where that is limited."""
    return RunPanel(seconds) if on_terminal() else RunLines(seconds)


class RunPanel:
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


class RunLines:
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
    from ..runs.announce import duration  # with torch, which the first words do not wait for

    speed = [] if progress.speed is None else [f"{progress.speed:,.0f} images/s"]
    return speed + ([] if progress.left is None else [f"{duration(progress.left)} left"])
