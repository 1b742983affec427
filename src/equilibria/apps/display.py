"""The display of one run: a panel on a terminal, else a line now and then."""

import os
import sys
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..core.text import duration, printable, say

_LINES = 25  # lines of a run without a terminal, about
_ENDLESS = 1 << 40  # rounds of a run that only the clock ends


@dataclass
class Progress:
    """How far a run is, from its events."""

    seconds: float | None = None  # the time limit, if there is one
    step: int = 0
    elapsed: float = 0.0
    speed: float | None = None  # real images shown to the critic per second
    last: dict[str, dict[str, Any]] = field(default_factory=dict)  # the last event of each kind

    def update(self, event: dict[str, Any]) -> None:
        """Follow one event."""
        self.step, self.elapsed = event["step"], event["elapsed"]
        if event["kind"] == "report":
            start = {"images": 0, "elapsed": 0.0} if self._start["step"] == 0 else event
            before = self.last.get("report", start)
            if event["elapsed"] > before["elapsed"]:
                self.speed = (event["images"] - before["images"]) / (event["elapsed"] - before["elapsed"])
        self.last[event["kind"]] = event

    @property
    def _start(self) -> dict[str, Any]:
        return self.last.get("start", {"step": 0, "elapsed": 0.0, "rounds": 0})

    @property
    def share(self) -> float:
        """The share of the run that is done, 0 to 1."""
        rounds = self._start["rounds"]
        by_rounds = self.step / rounds if 0 < rounds < _ENDLESS else 0.0
        return min(max(by_rounds, self.elapsed / self.seconds if self.seconds else 0.0), 1.0)

    @property
    def remaining(self) -> float | None:
        """Seconds to the end, as far as can be estimated."""
        start, ends = self._start, [] if self.seconds is None else [self.seconds - self.elapsed]
        if self.step > start["step"] and start["rounds"] < _ENDLESS:
            pace = (self.elapsed - start["elapsed"]) / (self.step - start["step"])
            ends.append(pace * (start["rounds"] - self.step))
        return max(min(ends), 0.0) if ends else None

    @property
    def round(self) -> str:
        """Round x of y."""
        rounds = self._start["rounds"]
        return f"round {self.step:,}" + (f" of {rounds:,}" if rounds < _ENDLESS and self.seconds is None else "")

    @property
    def pace(self) -> list[str]:
        """Images per second, and the time remaining."""
        samples = "points" if len(self._start.get("values", {}).get("shape", ())) == 1 else "images"
        speed = [] if self.speed is None else [f"{self.speed:,.0f} {samples}/s"]
        return speed + ([] if self.remaining is None else [f"{duration(self.remaining)} left"])

    @property
    def metrics(self) -> dict[str, float]:
        """The last metrics on held-out samples."""
        return self.last.get("measure", {}).get("metrics", {})

    @property
    def facts(self) -> dict[str, str]:
        """The critic's estimate, the penalties and the metrics, in words."""
        report, facts = self.last.get("report", {}), dict[str, str]()
        if (estimate := report.get("estimate")) is not None:
            name, _, units = self._start.get("measures", "").partition(", ")
            facts[name or "critic's estimate"] = f"at least {estimate:.4g}" + f" ({units})" * bool(units)
        terms = {name: value for terms in report.get("terms", {}).values() for name, value in terms.items()}
        facts |= {name.replace("_", " "): f"{value:.4g}" for name, value in terms.items() if name != "divergence"}
        return facts | {f"held out, {k.replace('_', ' ')}": f"{v:.4g}" for k, v in self.metrics.items()}


def on_terminal() -> bool:
    """Whether the output can be redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def run_display(seconds: float | None) -> "RunPanel | AbstractContextManager[RunLines]":
    """A panel on a terminal, else lines. `seconds` is the time limit, if there is one."""
    return RunPanel(seconds) if on_terminal() else nullcontext(RunLines(seconds))


class Panel:
    """Text, and below it what is redrawn at events."""

    def __init__(self, start: str):
        self.console, self.start = Console(highlight=False), start
        self.live = Live(console=self.console, auto_refresh=False)

    def __enter__(self) -> Self:
        self.console.print(f"Getting ready: {self.start}.", style="dim")
        return self

    def __exit__(self, *_: object) -> None:
        self.live.stop()

    def say(self, text: str) -> None:
        """Print a paragraph."""
        self.console.print(printable(text), markup=False)


class RunPanel(Panel):
    """Text, and below it the progress of the run."""

    def __init__(self, seconds: float | None):
        super().__init__("reading the data, timing a few rounds")
        self.progress = Progress(seconds)

    def show(self, event: dict[str, Any]) -> None:
        """Follow an event."""
        self.progress.update(event)
        if event["kind"] == "start":
            self.console.print()
            self.live.start()
        self.live.update(panel(self.progress), refresh=True)
        if event["kind"] == "stop":
            self.live.stop()
            self.console.print()


def panel(progress: Progress) -> Group:
    """The progress of a run in a few lines."""
    top, rows = Table.grid(padding=(0, 2)), Table.grid(padding=(0, 2))
    bar = ProgressBar(total=1.0, completed=progress.share, width=30, complete_style="cyan", finished_style="cyan")
    top.add_row(Text(progress.round, style="bold"), bar, f"{progress.share:4.0%}", *progress.pace)
    sample = progress.last.get("sample")
    for name, value in (progress.facts | ({"last sample grid": sample["file"]} if sample else {})).items():
        rows.add_row(Text(f"  {name}", style="dim"), value)
    return Group(top, rows)


class RunLines:
    """Plain lines, about 25 in a run, for files and pipes."""

    def __init__(self, seconds: float | None):
        self.progress, self._next = Progress(seconds), 0.0

    def say(self, text: str) -> None:
        """Print a paragraph."""
        with suppress(BrokenPipeError):  # nobody reads on: that is no reason to stop training
            say(text)

    def show(self, event: dict[str, Any]) -> None:
        """Follow an event, and print a report if it is due."""
        self.progress.update(event)
        if event["kind"] == "report" and self._is_due():
            facts = [f"{name} {value}" for name, value in self.progress.facts.items()]
            self.say(", ".join([self.progress.round, *self.progress.pace, *facts]))

    def _is_due(self) -> bool:
        """At every 25th of the run, or, if its end is unknown, after a fifth more time than at the last line."""
        share = self.progress.share
        at = share if share > 0 else self.progress.elapsed
        if at < self._next:
            return False
        self._next = (int(at * _LINES) + 1) / _LINES if share > 0 else at * 1.2 + 1
        return True
