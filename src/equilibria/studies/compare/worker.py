"""The process that trains and evaluates one trial."""

import dataclasses
import os
import shutil
import signal
import sys
import threading
import time
import traceback
from pathlib import Path

import torch

from ...core.errors import Failure, Refusal
from ...recipes.recipe import Recipe, refuse_code
from ...records.events import stop_reason
from ...records.folder import RunFolder
from ...runs.observers import Display, Lines
from ...runs.plan import peak_memory
from ...runs.session import resume, train
from .trial import Outcome, Trial, outcome, record

_PATIENCE = 60.0  # seconds to wait for a process that is about to leave the folder
_OVER = ("interrupted", "nonfinite")  # reasons for a stop that finish nothing


def run_trial(trial: Trial, display: Display | None = None) -> Path:
    """Play and measure a trial, and say where it lies; what is done already is not done again.

    A run that was interrupted is taken up from its checkpoint. What goes wrong is recorded beside the run, not raised.
    """
    before = outcome(trial.folder)
    if is_finished(trial, before):
        return trial.folder
    try:
        found = _train_and_evaluate(trial, display or Lines(), before)
    except (Refusal, Failure) as error:
        found = Outcome("failed", str(error), stop_reason(trial.folder) == "nonfinite")
    except Exception as error:  # of a part of the user's own, or a mistake of ours: the other trials go on
        traceback.print_exc()
        what = str(error).strip().partition("\n")[0]
        found = Outcome("failed", f"{type(error).__name__}: {what}")
    peak = max(before.peak, peak_memory(torch.device("cpu")))
    record(trial.folder, dataclasses.replace(found, peak=peak))
    return trial.folder


def run_single_threaded(trial: Trial) -> Path:
    """The same in a process that does nothing else: one thread, in measuring, too."""
    torch.set_num_threads(1)
    return run_trial(trial)


def is_finished(trial: Trial, found: Outcome) -> bool:
    """Whether nothing is left to do."""
    return found.final and (found.state == "failed" or found.measured == trial.measures)


def _train_and_evaluate(trial: Trial, display: Display, before: Outcome) -> Outcome:
    if stop_reason(trial.folder) in (None, *_OVER):
        _train_or_resume(trial, display)
        if stop_reason(trial.folder) == "interrupted":
            return Outcome("interrupted")
    if before.measured != trial.measures:
        from ..evaluate import evaluate

        wanted = trial.measures
        root = trial.options.get("data_root")
        evaluate(
            trial.folder,
            wanted.metrics,
            features=wanted.features,
            count=wanted.count,
            data_root=root,
            say=display.say,
        )
    return Outcome("finished", final=True, measured=trial.measures)


def _train_or_resume(trial: Trial, display: Display) -> None:
    """From the start, or from the newest checkpoint."""
    folder = trial.folder
    if folder.exists():
        _wait_until_unlocked(folder)
    if RunFolder(folder).exists():
        resume(folder, display, trust=_names_code(trial.recipe), data_root=trial.options.get("data_root"))
        return
    shutil.rmtree(folder, ignore_errors=True)  # begun, and stopped before there was a run
    train(trial.recipe, display, name=folder.name, runs=str(folder.parent), **{"threads": 1} | dict(trial.options))


def _wait_until_unlocked(folder: Path) -> None:
    """Until nobody else writes there: one whose parent was killed saves and leaves."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            with RunFolder(folder).lock():
                return
        except Refusal:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _names_code(recipe: Recipe) -> bool:
    """Whether the recipe, as it was typed, names code of its author's own: then its stored copy may, too."""
    try:
        refuse_code(recipe, "It")
    except Refusal:
        return True
    return False


def main() -> None:
    """Carry out the trial."""
    line = sys.stdin.readline()
    threading.Thread(target=_listen, daemon=True).start()
    from .trial import Trial

    run_single_threaded(Trial.from_json(line))


def _listen() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
