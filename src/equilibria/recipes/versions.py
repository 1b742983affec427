"""A model as it was at one of its run's checkpoints."""

from pathlib import Path

from ..core.errors import Refusal
from ..records import checkpoints
from ..records.checkpoints import Checkpoint
from ..records.folder import RunFolder
from .looking import settle
from .model import Model
from .recipe import Recipe
from .stored import load


def opened(run: str | Path, checkpoint: str | int | None = None) -> Model:
    """The model of a run folder: as it was left, or at a checkpoint: "best", "last" or a round."""
    model = load(run)
    if checkpoint is not None:
        turn_back(model, Path(run), found(Path(run), str(checkpoint)))
    return model


def turn_back(model: Model, folder: Path, checkpoint: Checkpoint) -> None:
    """Give the model of this run the weights that it had then, the generator's averaged, with statistics of its own."""
    state = checkpoint.state
    recipe = Recipe.load(RunFolder(folder).recipe_file, trust=True)  # nothing of it is built
    average = {name.removeprefix("networks."): value for name, value in state["average"].items()}
    weights = state["networks"] | average  # the critic as it played, the generator averaged
    model.networks.load_state_dict({name: weights[name] for name in model.networks.state_dict()})
    settle(model, recipe.batch, recipe.seed)


def found(folder: Path, which: str) -> Checkpoint:
    """The checkpoint that is meant: "best", "last" or a round. Raises Refusal for one that is not kept."""
    if which not in ("best", "last"):
        if not which.isdecimal():
            raise Refusal(f"checkpoint is {which!r}: it must be best, last, or the number of a round.")
        return checkpoints.at(folder, int(which))
    newest, _ = checkpoints.newest(folder)
    if newest is None:
        raise Refusal(f"{folder} keeps no checkpoints.")
    if which == "last" or newest.best is None:
        return newest
    return checkpoints.at(folder, newest.best["step"])
