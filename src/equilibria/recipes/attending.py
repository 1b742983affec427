"""The doctor at the bedside: at most a line for each new finding while a run plays, and a word to stop it."""

from pathlib import Path

from ..evaluation.doctor import Finding, lasting
from ..evaluation.doctor.base import SICK
from ..records.events import Event, read_events
from ..records.folder import RunFolder
from ..records.history import History, read_history
from ..training.run import Run
from .display import Display


class Attendant:
    """Reads the events of a run as they come. He only reads: the run is the same without him, unless it is stopped."""

    def __init__(self, folder: Path, display: Display, every: int, stops: bool = False):
        self.folder, self.display, self.every, self.stops = folder, display, every, stops
        self.reason = ""  # what the run was stopped for
        self._before = read_history(folder)
        self._events: list[Event] = list(self._before.events)
        self._read = RunFolder(folder).events_file.stat().st_size
        resumed = bool(self._before.of("diagnosis"))
        self._said = {finding.name for finding in self.found()} if resumed else set()  # in an earlier sitting

    def __call__(self, run: Run) -> None:
        if run.step % self.every == 0:
            self.attend(run)

    def attend(self, run: Run) -> None:
        """Say what is new; stop a run that is sick, if that is wished for."""
        self._catch_up()
        shown = self.found()
        for finding in shown:
            if finding.name not in self._said:
                self._said.add(finding.name)
                self.display.say(self._line(finding, run.step))
        grave = [finding for finding in shown if finding.severity == SICK]
        if self.stops and run.stop is None and grave:
            run.stop, self.reason = "sick", grave[0].what

    def found(self) -> tuple[Finding, ...]:
        """What is to be said of the run by now."""
        return lasting(History(self._before.recipe, self._before.summary, self._events))

    def _catch_up(self) -> None:
        self._events += read_events(RunFolder(self.folder).events_file, self._read)
        self._read = (RunFolder(self.folder).events_file).stat().st_size

    def _line(self, finding: Finding, step: int) -> str:
        more = "" if len(self._said) > 1 else f" `equilibria doctor {self.folder}` says why, and what to change."
        return f"Doctor, round {step:,}: {finding.what} ({finding.severity}, {finding.sure}){more}"
