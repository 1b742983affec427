"""One session: train a run to its end, observe it and record it."""

import copy
import io
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from safetensors.torch import save
from torch import nn

from ..core.errors import Failure
from ..core.signals import on_stop
from ..core.specs import make
from ..data import Data
from ..models.card import card
from ..models.conditions import training_conditions
from ..models.grids import captioned, grid_layout
from ..models.load import reestimate
from ..models.model import Model
from ..models.model_folder import WEIGHTS, describe, weights_metadata
from ..recipes.build_game import own_parts
from ..recipes.build_networks import critic_input, game_traits
from ..recipes.recipe import Recipe
from ..records import checkpoints
from ..records.checkpoints import Checkpoint, file_name
from ..records.events import ENDLESS
from ..records.folder import FORMAT, RunFolder
from ..records.summary import Summary, data_facts
from ..terms.divergences import DIVERGENCES
from ..training.loop import Observer, run_rounds
from ..training.run import Run
from .announce import farewell
from .observers import Checkpointer, Display, EventLog, NonFinite, Reporter, Snapshot, clock, every
from .plan import follow_clock
from .selection import held_out, measure, real_levels
from .watch import DiagnosticsObserver, DoctorObserver, diagnoser

_STOP_REASONS = {
    "done": "Finished all rounds.",
    "budget": "Time budget reached.",
    "interrupted": "Stopped on request, and saved.",
    "critical": "Stopped: the doctor reports a critical finding.",
}


@dataclass(frozen=True)
class Session:
    """A run, its description and data, its records, the display, and functions of the run to call at each report."""

    run: Run
    recipe: Recipe
    data: Data
    summary: Summary
    folder: RunFolder
    display: Display
    callbacks: Callable[[Run], Any] | Sequence[Callable[[Run], Any]] = ()


def run_session(session: Session, since: Checkpoint | None = None) -> Run:
    """Train to the end, from round 0 or from the checkpoint that the run was restored from.

    Raises Failure if a term or a weight is no longer finite.
    """
    run, summary, folder, recipe, data = session.run, session.summary, session.folder, session.recipe, session.data
    run.to_model = lambda run: replace(averaged_model(run, recipe, data), folder=folder.path / "model")

    def stop(*_: object) -> None:  # after the current round; the second signal interrupts at once
        if run.stop == "interrupted":
            raise KeyboardInterrupt
        run.stop = "interrupted"

    log = EventLog(folder, session.display.show, since.elapsed if since else 0.0)
    with folder.writing(file_name(since.step) if since else None), on_stop(stop, log.skip_pause):
        report = Reporter(log, summary.cadence["report"], run)
        levels = cache(lambda: real_levels(data, recipe.binarize))
        save_every = summary.cadence["save"]
        checkpointer = Checkpointer(report, lambda run: snapshot(run, recipe, data), since, levels, save_every)
        summary.begin_session(run.step)
        summary.write(folder)
        folder.write_recipe(recipe.to_json())
        _begin(session, log, checkpointer, since)
        stops = "when" in summary.end  # "critical"; "sick" in runs of earlier versions
        doctor = DoctorObserver(folder, session.display, stops) if summary.diagnose_every else None
        try:
            reason = _train(session, report, checkpointer, doctor)
            text = f"{_STOP_REASONS[reason]} {doctor.reason if doctor else ''}".rstrip()
        except NonFinite as error:
            untrained = ", where nothing was learned yet" * (folder.checkpoint == file_name(0))
            reason, text = "nonfinite", f"{error} The last good checkpoint is {folder.checkpoint}{untrained}."
        log.record(run, "stop", reason=reason, text=text)
        if reason == "critical":
            text = f"{text} {rollback(run, folder, checkpointer)}"
            summary.end.pop("when")
        summary.end_session(run.step, reason)
        summary.write(folder)
        if reason == "nonfinite" and checkpointer.last_milestone < 0:  # there is no model yet
            _, remarks = checkpoints.newest(folder.path, run.device, lambda good: run.load_state_dict(good.state))
            model = averaged_model(run, recipe, data)
            checkpointer.publish(model_files(run, model, recipe, data))
            text = " ".join([text, *remarks])
    if reason == "nonfinite":
        raise Failure(text)
    session.display.say(farewell(session, reason, log.elapsed, text))
    return run


def _begin(session: Session, log: EventLog, checkpointer: Checkpointer, since: Checkpoint | None) -> None:
    """Record the first event and checkpoint, or cut the events back to those of the checkpoint."""
    run, recipe = session.run, session.recipe
    start = {"format": FORMAT, "recipe": recipe.name, "data": session.data.name, "rounds": recipe.rounds}
    start |= {"until": session.summary.end["rounds"]}
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


def _train(session: Session, report: Reporter, checkpointer: Checkpointer, doctor: DoctorObserver | None) -> str:
    """Train with all observers; the reason why it ended."""
    run, summary, until = session.run, session.summary, session.summary.end["rounds"] or ENDLESS
    own = [session.callbacks] if callable(session.callbacks) else session.callbacks
    callbacks = [every(report.every, callback) for callback in own]
    observers: list[Observer] = [lambda run: report.log.tick(), every(report.every, report), *callbacks]
    diagnostics = None
    if doctor is not None:
        diagnostics = DiagnosticsObserver(diagnoser(run, session.recipe), report.log, summary.diagnose_every)
        observers += [every(diagnostics.every, diagnostics), every(diagnostics.every, doctor)]
    save = summary.cadence["save"]
    observers.append(every(save, lambda run: follow_clock(run, session.recipe, summary.end, report.log.elapsed)))
    observers += [every(save, checkpointer.milestone), checkpointer.save_if_old]
    if (seconds := summary.end["seconds"]) is not None:
        observers.append(clock(report.log, seconds))
        observers[-1](run)  # the time may have been used up before
    run_rounds(run, until, observers)
    if run.stop == "interrupted" and run.step < until:
        checkpointer.save_between(run)
        return run.stop
    if run.stop == "critical":
        return run.stop
    if run.statistics.counts:
        report(run)
        for callback in own:
            callback(run)
    checkpointer.milestone(run)
    if diagnostics is not None:
        diagnostics.last(run)  # after the checkpoint: a run that is resumed from there does not have it
    return "done" if run.step >= until else "budget"


def rollback(run: Run, folder: RunFolder, checkpointer: Checkpointer) -> str:
    """Restore the run and its model from the best checkpoint, and archive later ones; a sentence about it.

    A run that has not been measured yet stays where it is.
    """
    if checkpointer.best is None:
        checkpointer.save_between(run)
        return f"It stays at round {run.step:,}, since nothing has been measured yet."
    best = checkpoints.at(folder.path, checkpointer.best["step"])
    with folder.guard():
        checkpoints.archive(folder.path, best.step)
    folder.checkpoint = checkpoints.file_name(best.step)
    run.load_state_dict(best.state)
    checkpointer.publish(checkpointer.snapshot(run).model)
    archive = folder / checkpoints.ARCHIVE
    later = f"; later checkpoints are in {archive}" if archive.is_dir() else ""
    return f"The run and its model are back at the best checkpoint, round {run.step:,}{later}."


def snapshot(run: Run, recipe: Recipe, data: Data) -> Snapshot:
    """A sample grid of fixed latents, metrics on held-out data, and the model's files, of the run as it is."""
    model = averaged_model(run, recipe, data)
    metrics, count = measure(model, data, recipe.binarize)
    return Snapshot(sample_grid(model, data, recipe.seed), metrics, count, model_files(run, model, recipe, data))


def averaged_model(run: Run, recipe: Recipe, data: Data) -> Model:
    """The averaged networks, with their own batch-norm statistics, and the critic as it is."""
    networks = {name: copy.deepcopy(network) for name, network in run.average.networks.items()}
    for name, network in run.game.networks.items():
        if name not in networks:
            networks[name] = copy.deepcopy(network).eval()
    conditions = training_conditions(data) if run.stream.labelled else None
    parts = nn.ModuleDict(networks), data.space, run.game.prior, data.labels, conditions
    model = Model(*parts, critic_input(recipe, data), game_traits(recipe).encoder_output)
    reestimate(model, run.stream.size, run.seed, lambda: run.stream)
    return model


def sample_grid(model: Model, data: Data, seed: int) -> bytes:
    """A PNG of the seed's samples: one row per class if there are few; points over held-out ones."""
    points, buffer = len(data.space.shape) == 1, io.BytesIO()
    count, conditions = grid_layout(model)
    if conditions is None or model.labels is None:
        picture = data.space.sample_grid(model.sample(count, seed), real=held_out(data, count) if points else None)
    else:
        samples = [model.sample(count, seed, one) for one in conditions[:, None]]
        real = [held_out(data, count, place) for place in range(len(samples))] if points else None
        picture = captioned(data.space, samples, model.labels.names, real)
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def model_files(run: Run, model: Model, recipe: Recipe, data: Data) -> dict[str, bytes]:
    """The files of the model folder: what `load` reads, and a model card."""
    config = describe(recipe.networks, recipe.prior, model, recipe.likelihood)
    weights = {name: tensor.contiguous().cpu() for name, tensor in model.networks.state_dict().items()}
    return {
        "config.json": (json.dumps(config, indent=2) + "\n").encode(),
        "README.md": card(recipe, data, run.step).encode(errors="backslashreplace"),
        WEIGHTS: save(weights, weights_metadata(weights)),
    }
