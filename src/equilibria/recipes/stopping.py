"""Stopping a run that is sick, and setting it back to its best."""

from pathlib import Path

from ..records import checkpoints
from ..records.folder import RunFolder
from ..training.observers import Keeper
from ..training.run import Run


def set_back(run: Run, folder: Path, keeper: Keeper, records: RunFolder) -> str:
    """Set the run, and the model that can be drawn from, to the best checkpoint; says where it is now.

    Later checkpoints are put aside, so that whoever resumes goes on from there. Where nothing has been measured yet
    there is no best one, and the run stays where it is.
    """
    if keeper.best is None:
        keeper.leave(run)
        return f"Nothing had been measured yet, so it is left at round {run.step:,} as it was."
    best = checkpoints.at(folder, keeper.best["step"])
    with records.guarded():
        checkpoints.archive(folder, best.step)
    records.checkpoint = checkpoints.file_name(best.step)
    run.load_state_dict(best.state)
    keeper.publish(keeper.look(run))
    aside = (
        f"; later checkpoints lie in {folder / checkpoints.ARCHIVE}" if (folder / checkpoints.ARCHIVE).is_dir() else ""
    )
    return f"It is back at round {run.step:,}, its best, and so is its model{aside}."
