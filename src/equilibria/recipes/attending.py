"""The doctor during training: at most a line for each new finding, and a stop where that is asked for."""

from ..evaluation.doctor import Finding, lasting
from ..evaluation.doctor.base import SICK
from ..records.events import Event, read_events
from ..records.folder import RunFolder
from ..records.history import History, read_history
from ..training.run import Run
from .display import Display


class DoctorObserver:
    """Reads the events of a run as they come. It only reads: the run is the same without it, unless it is stopped."""

    def __init__(self, folder: RunFolder, display: Display, every: int, stops: bool = False):
        self.folder, self.display, self.every, self.stops = folder, display, every, stops
        self.reason = ""  # what the run was stopped for
        self._start = read_history(folder.path)
        self._events: list[Event] = list(self._start.events)
        self._read = folder.length()
        resumed = bool(self._start.of("diagnosis"))
        self._reported = {finding.name for finding in self.findings()} if resumed else set()  # in an earlier session

    def __call__(self, run: Run) -> None:
        if run.step % self.every == 0:
            self.examine(run)

    def examine(self, run: Run) -> None:
        """Report what is new; stop a run that is sick, if that is asked for."""
        self._catch_up()
        findings = self.findings()
        for finding in findings:
            if finding.name not in self._reported:
                self._reported.add(finding.name)
                self.display.say(self._line(finding, run.step))
        critical = [finding for finding in findings if finding.severity == SICK]
        if self.stops and run.stop is None and critical:
            run.stop, self.reason = "sick", critical[0].what

    def findings(self) -> tuple[Finding, ...]:
        """The findings that have lasted by now."""
        return lasting(History(self._start.recipe, self._start.summary, self._events))

    def _catch_up(self) -> None:
        self._events += read_events(self.folder.events_file, self._read)
        self._read = self.folder.length()

    def _line(self, finding: Finding, step: int) -> str:
        more = "" if len(self._reported) > 1 else f" `equilibria doctor {self.folder}` says why, and what to change."
        return f"Doctor, round {step:,}: {finding.what} ({finding.severity}, {finding.sure}){more}"
