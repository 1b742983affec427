"""The display of one run: a panel on a terminal, else a line now and then."""

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ..core.text import duration, printable, say
from ..records.events import ENDLESS

_FIRST, _SILENCE = 600.0, 25.0  # seconds in which lines come more often, and between two of them, at most
_LINES = 25  # lines of a run without a terminal, about
_LOOKS = ("diagnosis", "sample", "measure", "checkpoint")  # events at the end of what is no training
_CHANGES = {
    "first": "the first measure",
    "better": "better than the best so far",
    "unchanged": "unchanged against the best so far, within chance",
    "worse": "worse than the best so far",
}


@dataclass
class Progress:
    """How far a run is, from its events, whose clock counts training and all looks at it, in every session."""

    seconds: float | None = None  # the time limit, if there is one
    step: int = 0
    elapsed: float = 0.0
    per_round: float = 0.0  # images shown to the critic
    trained: float = 0.0  # seconds of this session, without looks
    looks: dict[str, float] = field(default_factory=dict)  # seconds of the last one: diagnosis, parts of a milestone
    looked: float = 0.0  # seconds of all looks in this session
    look_step: int = 0  # the round of the last one
    last: dict[str, dict[str, Any]] = field(default_factory=dict)  # the last event of each kind

    def update(self, event: dict[str, Any]) -> None:
        """Follow one event."""
        kind, rounds, seconds = event["kind"], event["step"] - self.step, event["elapsed"] - self.elapsed
        if kind in _LOOKS:
            training = min(rounds * self.pace, seconds)
            self.looks[kind] = seconds - training
            self.looked, self.look_step = self.looked + seconds - training, event["step"]
            self.trained += training
        elif kind == "report":
            self.trained += seconds
            before = self.last.get("report", {"images": 0, "step": 0} if self._start["step"] == 0 else event)
            if event["step"] > before["step"]:
                self.per_round = (event["images"] - before["images"]) / (event["step"] - before["step"])
        self.step, self.elapsed = event["step"], event["elapsed"]
        self.last[kind] = event

    @property
    def _start(self) -> dict[str, Any]:
        return self.last.get("start", {"step": 0, "elapsed": 0.0, "rounds": 0})

    @property
    def _rounds(self) -> int:
        """The round that ends the run; in a budget of time alone, whose rounds are an estimate, none."""
        until = self._start.get("until", self._start["rounds"])
        return ENDLESS if until is None else int(until)

    @property
    def pace(self) -> float:
        """Seconds of training per round in this session, 0 at its start."""
        return self.trained / max(self.step - self._start["step"], 1)

    @property
    def share(self) -> float:
        """The share of the run that is done, 0 to 1."""
        rounds = self._rounds
        by_rounds = self.step / rounds if 0 < rounds < ENDLESS else 0.0
        return min(max(by_rounds, self.elapsed / self.seconds if self.seconds else 0.0), 1.0)

    @property
    def remaining(self) -> float | None:
        """Seconds to the end, as far as can be estimated: training, and the looks to come, at least the last one."""
        if "stop" in self.last:
            return 0.0
        start, last = self._start, sum(self.looks.values())
        ends = [] if self.seconds is None else [max(self.seconds - self.elapsed, 0.0) + last]
        if self.step > start["step"] and self._rounds < ENDLESS:
            rounds, until = self._rounds, self.look_step
            looks = self.looked / max(until - start["step"], 1) * (rounds - until)
            ends.append(self.pace * max(rounds - self.step, 0) + (max(looks, last) if until < rounds else 0.0))
        return min(ends) if ends else None

    @property
    def round(self) -> str:
        """Round x of y."""
        rounds = self._rounds
        return f"round {self.step:,}" + (f" of {rounds:,}" if rounds < ENDLESS else "")

    @property
    def times(self) -> list[str]:
        """The time so far, and the time remaining."""
        rest = [] if self.remaining is None else [f"{duration(self.remaining)} left"]
        return [duration(self.elapsed), *rest]

    @property
    def speed(self) -> list[str]:
        """Images or points per second of training."""
        samples = "points" if len(self._start.get("values", {}).get("shape", ())) == 1 else "images"
        return [f"{self.per_round / self.pace:,.0f} {samples}/s"] if self.per_round and self.pace else []

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
        return self._judgment | facts

    @property
    def _judgment(self) -> dict[str, str]:
        """The metrics, the first one with its change against the best so far."""
        change = _CHANGES.get(self.last.get("measure", {}).get("change", ""), "")
        facts = {f"held-out {name.replace('_', ' ')}": f"{value:.4g}" for name, value in self.metrics.items()}
        first = next(iter(facts), "")
        return facts | ({first: f"{facts[first]} ({change})"} if change else {})


def on_terminal() -> bool:
    """Whether the output can be redrawn."""
    return sys.stdout.isatty() and os.environ.get("TERM", "") not in ("", "dumb")


def run_display(seconds: float | None) -> "RunPanel | RunLines":
    """A panel on a terminal, else lines. `seconds` is the time limit, if there is one."""
    return RunPanel(seconds) if on_terminal() else RunLines(seconds)


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
    top.add_row(Text(progress.round, style="bold"), bar, f"{progress.share:4.0%}", *progress.speed, *progress.times)
    sample = progress.last.get("sample")
    for name, value in (progress.facts | ({"last sample grid": sample["file"]} if sample else {})).items():
        rows.add_row(Text(f"  {name}", style="dim"), value)
    return Group(top, rows)


class RunLines:
    """Plain lines for files and pipes, about 25 in a run, and in its first minutes never half a minute without one."""

    def __init__(self, seconds: float | None, clock: Callable[[], float] = time.monotonic):
        self.progress, self.clock = Progress(seconds), clock
        self._next, self._units = 0.0, set[str]()
        self._start = self._printed = clock()
        self._shown, self._end = self._start, threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._watcher.join()

    def say(self, text: str) -> None:
        """Print a paragraph."""
        self._printed = self.clock()
        with suppress(BrokenPipeError):  # nobody reads on: that is no reason to stop training
            say(text)

    def show(self, event: dict[str, Any]) -> None:
        """Follow an event, and print a report if it is due."""
        self.progress.update(event)
        self._shown = self.clock()
        if event["kind"] == "report" and (self._is_due() or self._is_silent(self._shown)):
            self.say(", ".join([self.progress.round, *self.progress.times, *self.progress.speed, *self._facts()]))

    def pulse(self) -> None:
        """Print that the run goes on, if it is time for a line and nothing has happened."""
        now = self.clock()
        if self._is_silent(now) and "stop" not in self.progress.last:
            since = f"for {duration(now - self._start)}"
            ready = f"Getting ready {since}: reading the data, timing a few rounds."
            training = f"{self.progress.round}, {duration(self.progress.elapsed + now - self._shown)}: going on."
            self.say(training if "start" in self.progress.last else ready)

    def _watch(self) -> None:
        while not self._end.wait(1.0):
            self.pulse()

    def _is_silent(self, now: float) -> bool:
        """Whether a line is missing in the first minutes."""
        return now - self._start < _FIRST and now - self._printed >= _SILENCE

    def _facts(self) -> list[str]:
        """The facts; units only the first time."""
        facts, before = self.progress.facts, self._units
        self._units = before | facts.keys()
        return [f"{name} {value.partition(' (in ')[0] if name in before else value}" for name, value in facts.items()]

    def _is_due(self) -> bool:
        """At every 25th of the run, or, if its end is unknown, after a fifth more time than at the last line."""
        share = self.progress.share
        at = share if share > 0 else self.progress.elapsed
        if at < self._next:
            return False
        self._next = (int(at * _LINES) + 1) / _LINES if share > 0 else at * 1.2 + 1
        return True
