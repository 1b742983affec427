"""One session: a run is trained from where it is to its end, on record."""

from dataclasses import dataclass
from functools import cache

from ..core.errors import Failure
from ..data import Data
from ..records.checkpoints import Checkpoint, file_name
from ..records.folder import RunFolder
from ..records.summary import Summary, data_facts
from ..terms.divergences import DIVERGENCES
from ..training.health import NonFinite
from ..training.loop import Observer, run_rounds
from ..training.observers import Checkpointer, EventLog, Reporter, clock, every
from ..training.run import Run
from ..training.signals import interruptible
from .attending import DoctorObserver
from .composing import own_parts
from .display import Display
from .looking import look
from .measuring import chance
from .opening import farewell
from .parts import make
from .planning import ENDLESS
from .recipe import FORMAT, Recipe
from .stopping import rollback
from .watching import DiagnosticsObserver, diagnoser

_REASONS = {
    "done": "All rounds were played.",
    "budget": "The time was used up.",
    "interrupted": "Stopped on request, and saved.",
    "sick": "Stopped because it was sick.",
}


@dataclass(frozen=True)
class Session:
    """A run, its description and data, its records, and the display."""

    run: Run
    recipe: Recipe
    data: Data
    summary: Summary
    folder: RunFolder
    display: Display


def run_session(session: Session, since: Checkpoint | None = None) -> Run:
    """Train to the end, from the start or from a checkpoint that the run was set to. Raises Failure if it breaks."""
    run, summary, folder, recipe, data = session.run, session.summary, session.folder, session.recipe, session.data
    with folder.writing(file_name(since.step) if since else None), interruptible(run):
        log = EventLog(folder, session.display.show, since.elapsed if since else 0.0)
        report = Reporter(log, summary.cadence["report"], run)
        by_chance = cache(lambda: chance(data, recipe.binarize))
        checkpointer = Checkpointer(report, lambda run: look(run, recipe, data), since, by_chance)
        summary.begin_session(run.step)
        summary.write(folder)
        folder.write_recipe(recipe.to_json())
        _begin(session, log, checkpointer, since)
        doctors: list[DoctorObserver] = []
        if rounds := summary.diagnose_every:
            stops = summary.end.get("when") == "sick"
            doctors = [DoctorObserver(folder, session.display, rounds, stops)]
        try:
            reason = _train(session, report, checkpointer, doctors)
            text = " ".join([_REASONS[reason], *(doctor.reason for doctor in doctors if doctor.reason)])
        except NonFinite as error:
            reason, text = "nonfinite", f"{error} The last good checkpoint, {folder.checkpoint}, is kept."
        log.record(run, "stop", reason=reason, text=text)
        if reason == "sick":
            text = f"{text} {rollback(run, folder, checkpointer)}"
            summary.end.pop("when")
        summary.end_session(run.step, reason)
        summary.write(folder)
    if reason == "nonfinite":
        raise Failure(text)
    session.display.say(farewell(run, recipe, data, summary, folder, reason, log.elapsed, text))
    return run


def _begin(session: Session, log: EventLog, checkpointer: Checkpointer, since: Checkpoint | None) -> None:
    """The first event and checkpoint, or the records as they were at the one that is resumed from."""
    run, recipe = session.run, session.recipe
    start = {"format": FORMAT, "recipe": recipe.name, "data": session.data.name, "rounds": recipe.rounds}
    start |= data_facts(session.data)
    if recipe.divergence is not None:
        start["measures"] = make(DIVERGENCES, recipe.divergence, "divergence").measures
    if parts := own_parts(recipe, run):
        start["parts"] = parts
    session.folder.truncate(since.events if since else 0)
    if since is None:
        log.record(run, "start", **start)
        checkpointer.save(run)
    else:
        session.display.show({"kind": "start", "step": run.step, "elapsed": since.elapsed, **start})


def _train(session: Session, report: Reporter, checkpointer: Checkpointer, doctors: list[DoctorObserver]) -> str:
    """Train with all observers; say why it ended."""
    run, summary, until = session.run, session.summary, session.summary.end["rounds"] or ENDLESS
    rounds = summary.diagnose_every
    diagnostics = [DiagnosticsObserver(diagnoser(run, session.recipe), report.log, rounds)] if rounds else []
    observers: list[Observer] = [every(report.every, report), *diagnostics, *doctors]
    observers += [every(summary.cadence["save"], checkpointer.milestone), checkpointer.safety]
    if (seconds := summary.end["seconds"]) is not None:
        observers.append(clock(report.log, seconds))
        observers[-1](run)  # the time may have been used up before
    run_rounds(run, until, observers)
    if run.stop == "interrupted" and run.step < until:
        checkpointer.leave(run)
        return run.stop
    if run.stop == "sick":
        return run.stop
    if run.statistics.counts:
        report(run)
    checkpointer.milestone(run)
    for each in diagnostics:
        each.last(run)  # after the checkpoint: a run that is resumed from there does not have it
    return "done" if run.step >= until else "budget"
