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
from .trial import Cell, Outcome, outcome, record

_PATIENCE = 60.0  # seconds to wait for a process that is about to leave the folder
_OVER = ("interrupted", "nonfinite")  # reasons for a stop that finish nothing


def run_one(cell: Cell, display: Display | None = None) -> Path:
    """Play and measure a cell, and say where it lies; what is done already is not done again.

    A run that was interrupted is taken up from its checkpoint. What goes wrong is recorded beside the run, not raised.
    """
    before = outcome(cell.folder)
    if is_over(cell, before):
        return cell.folder
    try:
        found = _carried_out(cell, display or Lines(), before)
    except (Refusal, Failure) as error:
        found = Outcome("failed", str(error), stop_reason(cell.folder) == "nonfinite")
    except Exception as error:  # of a part of the user's own, or a mistake of ours: the other cells go on
        traceback.print_exc()
        what = str(error).strip().partition("\n")[0]
        found = Outcome("failed", f"{type(error).__name__}: {what}")
    peak = max(before.peak, peak_memory(torch.device("cpu")))
    record(cell.folder, dataclasses.replace(found, peak=peak))
    return cell.folder


def run_alone(cell: Cell) -> Path:
    """The same in a process that does nothing else: one thread, in measuring, too."""
    torch.set_num_threads(1)
    return run_one(cell)


def is_over(cell: Cell, found: Outcome) -> bool:
    """Whether nothing is left to do."""
    return found.final and (found.state == "failed" or found.measured == cell.measures)


def _carried_out(cell: Cell, display: Display, before: Outcome) -> Outcome:
    if stop_reason(cell.folder) in (None, *_OVER):
        _play(cell, display)
        if stop_reason(cell.folder) == "interrupted":
            return Outcome("interrupted")
    if before.measured != cell.measures:
        from ..evaluate import evaluate

        wanted = cell.measures
        root = cell.options.get("data_root")
        evaluate(
            cell.folder,
            wanted.metrics,
            features=wanted.features,
            count=wanted.count,
            data_root=root,
            say=display.say,
        )
    return Outcome("finished", final=True, measured=cell.measures)


def _play(cell: Cell, display: Display) -> None:
    """From the start, or from the newest checkpoint."""
    folder = cell.folder
    if folder.exists():
        _wait_for(folder)
    if RunFolder(folder).exists():
        resume(folder, display, trust=_names_code(cell.recipe), data_root=cell.options.get("data_root"))
        return
    shutil.rmtree(folder, ignore_errors=True)  # begun, and stopped before there was a run
    train(cell.recipe, display, name=folder.name, runs=str(folder.parent), **{"threads": 1} | dict(cell.options))


def _wait_for(folder: Path) -> None:
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
    """Carry out the cell."""
    line = sys.stdin.readline()
    threading.Thread(target=_listen, daemon=True).start()
    from .trial import Cell

    run_alone(Cell.from_json(line))


def _listen() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
