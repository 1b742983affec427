"""Back to the best round of a run that was stopped."""

from ..records import checkpoints
from ..records.folder import RunFolder
from ..training.observers import Checkpointer
from ..training.run import Run


def rollback(run: Run, folder: RunFolder, checkpointer: Checkpointer) -> str:
    """Set the run, and the model that can be drawn from, to the best checkpoint; says where it is now.

    Later checkpoints are archived, so that `resume` goes on from there. Where nothing has been measured yet there is
    no best one, and the run stays where it is.
    """
    if checkpointer.best is None:
        checkpointer.leave(run)
        return f"Nothing had been measured yet, so it is left at round {run.step:,} as it was."
    best = checkpoints.at(folder.path, checkpointer.best["step"])
    with folder.guarded():
        checkpoints.archive(folder.path, best.step)
    folder.checkpoint = checkpoints.file_name(best.step)
    run.load_state_dict(best.state)
    checkpointer.publish(checkpointer.snapshot(run))
    archive = folder / checkpoints.ARCHIVE
    later = f"; later checkpoints lie in {archive}" if archive.is_dir() else ""
    return f"It is back at round {run.step:,}, its best, and so is its model{later}."
