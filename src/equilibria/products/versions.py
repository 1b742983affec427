"""A model as it was at one of its run's checkpoints."""

from pathlib import Path

from ..core.errors import Refusal
from ..recipes.looking import settle
from ..recipes.recipe import Recipe
from ..training import checkpoints
from ..training.checkpoints import Checkpoint
from .trained import Trained, load


def opened(run: str | Path, checkpoint: str | int | None = None) -> Trained:
    """The model of a run folder: as it was left, or at a checkpoint: "best", "last" or a round."""
    model = load(run)
    if checkpoint is None:
        return model
    folder = Path(run)
    state, recipe = _found(folder, str(checkpoint)).state, Recipe.load(folder / "recipe.json")
    average = {name.removeprefix("networks."): value for name, value in state["average"].items()}
    weights = state["networks"] | average  # the critic as it played, the generator averaged
    model.networks.load_state_dict({name: weights[name] for name in model.networks.state_dict()})
    settle(model, recipe.batch, recipe.seed)
    return model


def _found(folder: Path, which: str) -> Checkpoint:
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
