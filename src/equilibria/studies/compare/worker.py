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

from ...core.errors import Failure, Refusal, first_line
from ...recipes.recipe import Recipe, refuse_code
from ...records.events import Tail, stop_reason
from ...records.folder import RunFolder
from ...runs.observers import Display, Lines
from ...runs.plan import peak_memory
from ...runs.session import resume, train
from ..evaluate import evaluate
from .trial import Outcome, Trial, outcome, record

_PATIENCE = 60.0  # seconds to wait for another process to release the folder
_UNFINISHED = ("interrupted", "nonfinite")  # reasons for a stop before the end


def run_trial(trial: Trial, display: Display | None = None) -> Path:
    """Train and evaluate a trial, as far as it is not done, and return its folder.

    An interrupted run continues from its checkpoint. An error is recorded next to the run and not raised.
    """
    if trial.is_finished():
        return trial.folder
    before = outcome(trial.folder)
    try:
        after = _train_and_evaluate(trial, display or Lines(), before)
    except (Refusal, Failure) as error:
        after = Outcome("failed", str(error), stop_reason(Tail(trial.folder).new_events()) == "nonfinite")
    except Exception as error:  # in a user's part, or a defect of ours: the other trials go on
        traceback.print_exc()
        after = Outcome("failed", f"{type(error).__name__}: {first_line(error)}")
    peak = max(before.peak, peak_memory(torch.device("cpu")))
    record(trial.folder, dataclasses.replace(after, peak=peak))
    return trial.folder


def run_single_threaded(trial: Trial) -> Path:
    """The same with one thread, for evaluation too, in a process of its own."""
    torch.set_num_threads(1)
    return run_trial(trial)


def _train_and_evaluate(trial: Trial, display: Display, before: Outcome) -> Outcome:
    if stop_reason(Tail(trial.folder).new_events()) in (None, *_UNFINISHED):
        _train_or_resume(trial, display)
        if stop_reason(Tail(trial.folder).new_events()) == "interrupted":
            return Outcome("interrupted")
    if before.measured != trial.evaluation:
        options, root = trial.evaluation, trial.options.get("data_root")
        words = options.metrics, options.features, options.count
        evaluate(trial.folder, *words, data_root=root, say=display.say, budget="none")  # alike for all trials
    return Outcome("finished", final=True, measured=trial.evaluation)


def _train_or_resume(trial: Trial, display: Display) -> None:
    folder = trial.folder
    if folder.exists():
        _wait_until_unlocked(folder)
    if RunFolder(folder).exists():
        resume(folder, display, trust=_names_code(trial.recipe), data_root=trial.options.get("data_root"))
        return
    shutil.rmtree(folder, ignore_errors=True)  # stopped before there was a run
    train(trial.recipe, display, name=folder.name, runs=str(folder.parent), **{"threads": 1} | dict(trial.options))


def _wait_until_unlocked(folder: Path) -> None:
    """Wait for another process, whose parent was killed, to save and stop."""
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
    """Whether the recipe, as it was typed, names custom code: then its stored copy may, too."""
    try:
        refuse_code(recipe, "It")
    except Refusal:
        return True
    return False


def main() -> None:
    """Run the trial that standard input describes; when the input is closed, save and stop."""
    line = sys.stdin.readline()
    threading.Thread(target=_stop_at_end_of_input, daemon=True).start()
    run_single_threaded(Trial.from_json(line))


def _stop_at_end_of_input() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
