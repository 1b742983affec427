"""A trained model, with all that it is good for, as it was at one of its run's checkpoints."""

from pathlib import Path

from ..recipes.versions import found, turn_back
from .trained import Trained, load


def opened(run: str | Path, checkpoint: str | int | None = None) -> Trained:
    """The model of a run folder: as it was left, or at a checkpoint: "best", "last" or a round."""
    model = load(run)
    if checkpoint is not None:
        turn_back(model, Path(run), found(Path(run), str(checkpoint)))
    return model
