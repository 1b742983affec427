"""Playing one run from where it is to its end, on record."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..core.errors import Failure
from ..data import Data
from ..records.checkpoints import Checkpoint, file_name
from ..records.folder import RunFolder
from ..records.summary import Summary, data_facts
from ..terms.divergences import DIVERGENCES
from ..training.health import NonFinite
from ..training.loop import Observer, run_rounds
from ..training.observers import Diary, Keeper, Reporter, clock, every
from ..training.run import Run
from ..training.signals import interruptible
from .attending import Attendant
from .display import Display
from .looking import look
from .measuring import chance
from .opening import duration
from .parts import make
from .planning import ENDLESS
from .recipe import FORMAT, Recipe
from .stopping import set_back
from .watching import Witness, watcher

_REASONS = {
    "done": "All rounds were played.",
    "budget": "The time was used up.",
    "interrupted": "Stopped on request, and saved.",
    "sick": "Stopped because it was sick.",
}


@dataclass(frozen=True)
class Sitting:
    """A run, its records, and whoever watches."""

    run: Run
    recipe: Recipe
    data: Data
    summary: Summary
    folder: Path
    display: Display

    @property
    def until(self) -> int:
        """The round at which playing ends."""
        return self.summary.end["rounds"] or ENDLESS


def sit(sitting: Sitting, since: Checkpoint | None = None) -> Run:
    """Play to the end, from the start or from a checkpoint that the run was set to. Raises Failure if it breaks."""
    run, summary = sitting.run, sitting.summary
    with RunFolder(sitting.folder).writing(file_name(since.step) if since else None) as records, interruptible(run):
        diary = Diary(records, sitting.display.show, since.elapsed if since else 0.0)
        report = Reporter(diary, summary.cadence["report"], run)
        by_chance = cache(lambda: chance(sitting.data, sitting.recipe.binarize))
        keeper = Keeper(report, lambda run: look(run, sitting.recipe, sitting.data), since, by_chance)
        summary.begin_session(run.step)
        summary.write(records)
        records.write_recipe(sitting.recipe.to_json())
        _begin(sitting, diary, keeper, since)
        attendants = _attendants(sitting)
        try:
            reason = _play(sitting, report, keeper, attendants)
            text = " ".join([_REASONS[reason], *(attendant.reason for attendant in attendants if attendant.reason)])
        except NonFinite as error:
            reason, text = "nonfinite", f"{error} The last good checkpoint, {records.checkpoint}, is kept."
        diary.note(run, "stop", reason=reason, text=text)
        if reason == "sick":
            text = f"{text} {set_back(run, sitting.folder, keeper, records)}"
            summary.end.pop("when")
        summary.end_session(run.step, reason)
        summary.write(records)
    if reason == "nonfinite":
        raise Failure(text)
    sitting.display.say(_farewell(sitting, reason, diary.elapsed, text))
    return run


def _begin(sitting: Sitting, diary: Diary, keeper: Keeper, since: Checkpoint | None) -> None:
    """The first event and checkpoint, or the records as they were at the one that is taken up."""
    run, recipe = sitting.run, sitting.recipe
    start = {"format": FORMAT, "recipe": recipe.name, "data": sitting.data.name, "rounds": recipe.rounds}
    start |= data_facts(sitting.data)
    if recipe.divergence is not None:
        start["measures"] = make(DIVERGENCES, recipe.divergence, "divergence").measures
    diary.records.truncate(since.events if since else 0)
    if since is None:
        diary.note(run, "start", **start)
        keeper.save(run)
    else:
        sitting.display.show({"kind": "start", "step": run.step, "elapsed": since.elapsed, **start})


def _play(sitting: Sitting, report: Reporter, keeper: Keeper, attendants: Sequence[Attendant]) -> str:
    """Play, look, keep; say why it ended."""
    run, summary = sitting.run, sitting.summary
    witness = _witness(sitting, report.diary)
    looking: list[Observer] = [every(report.every, report), *witness, *attendants]
    observers = [*looking, every(summary.cadence["save"], keeper.milestone), keeper.safety]
    if (seconds := summary.end["seconds"]) is not None:
        observers.append(clock(report.diary, seconds))
        observers[-1](run)  # the time may have been used up before
    run_rounds(run, sitting.until, observers)
    if run.stop == "interrupted" and run.step < sitting.until:
        keeper.leave(run)
        return run.stop
    if run.stop == "sick":
        return run.stop
    if run.statistics.counts:
        report(run)
    keeper.milestone(run)
    for each in witness:
        each.last(run)  # after the checkpoint: whoever goes on from there has not seen this
    return "done" if run.step >= sitting.until else "budget"


def _witness(sitting: Sitting, diary: Diary) -> list[Witness]:
    """Who looks closer once in a while, if anybody: runs of older versions have not planned it."""
    run, summary = sitting.run, sitting.summary
    if not (rounds := summary.cadence.get("watch", 0)):
        return []
    return [Witness(watcher(run, sitting.recipe, summary.allow_coupled_critic), diary, rounds)]


def _attendants(sitting: Sitting) -> list[Attendant]:
    """The doctor, where somebody looks closer for him to read."""
    summary = sitting.summary
    if not (rounds := summary.cadence.get("watch", 0)):
        return []
    return [Attendant(sitting.folder, sitting.display, rounds, stops=summary.end.get("when") == "sick")]


def _farewell(sitting: Sitting, reason: str, elapsed: float, text: str) -> str:
    """How it ended, and how to go on."""
    played = f"{sitting.run.step:,} rounds in {duration(elapsed)}"
    if reason == "interrupted":
        return f"Stopped after {played}, and saved: `equilibria resume {sitting.folder}` goes on."
    if reason == "sick":
        return (
            f"{text} `equilibria doctor {sitting.folder}` says what to change; "
            f"`equilibria resume {sitting.folder}` plays on from there as it is."
        )
    more = (
        f"--rounds {2 * sitting.run.step}" if reason == "done" else f"--budget {2 * sitting.summary.end['seconds']:g}s"
    )
    return (
        f"{'Done' if reason == 'done' else 'The time is used up'}: {played}, recorded in {sitting.folder}. "
        f"Draw from it with `equilibria sample {sitting.folder}{_asking(sitting)}`; "
        f"`equilibria resume {sitting.folder} {more}` plays on."
    )


def _asking(sitting: Sitting) -> str:
    """How a conditional model is asked."""
    labels = sitting.data.labels
    if not sitting.recipe.conditional or labels is None:
        return ""
    if labels.kind != "class":
        return " --attributes ..."
    numbered = any(name.isdecimal() for name in labels.names)  # else a class is named by its place
    first, last = (labels.names[0], labels.names[-1]) if numbered else (0, labels.size - 1)
    return f" --label {first}..{last}"
