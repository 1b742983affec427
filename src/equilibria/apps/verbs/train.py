"""Train a recipe, and record the run."""

from dataclasses import asdict
from typing import Any

from ...core.errors import Refusal
from ...recipes import DEFAULT, DEFAULT_FOR_POINTS, RECIPES, Recipe
from ...recipes.options import Options, read_budget
from ...recipes.parts import words
from ..arguments import Flags, flag
from ..text import tables

FLAGS = Options


def run(word: str, options: Options, changes: Flags) -> int:
    """Whatever is no flag of the run changes the recipe."""
    from ..display import watching

    with watching(read_budget(options.budget).seconds) as display:
        from ...recipes.session import train
        from ...recipes.wishes import named

        recipe = named(word) if word else None
        _refuse_silence(recipe or named(DEFAULT), changes)
        said = {name: value for name, value in asdict(options).items() if value != getattr(Options, name)}
        train(recipe, display, **said, **changes)
    return 0


def more(word: str | None = None) -> tuple[dict[str, Any], str]:
    """What the recipe says itself, and every setting of it; without one, which recipes there are."""
    if word is None:
        rows = [(entry.name, entry.summary) for entry in RECIPES.describe()]
        usual = f"{DEFAULT} if none is named, of points {DEFAULT_FOR_POINTS}"
        head = f"The recipes ({usual}); `equilibria train RECIPE --help` lists what can be set"
        return {}, tables({head: rows})
    from ...recipes.wishes import named
    from ..listing import leaflet

    recipe = named(word)
    said = {"data": recipe.data["name"], "rounds": recipe.rounds, "batch": recipe.batch, "seed": recipe.seed}
    return said, leaflet(recipe)


def _refuse_silence(recipe: Recipe, changes: Flags) -> None:
    """A flag without a value can only be a switch."""
    from ...recipes.naming import paths
    from ...recipes.settings import settings

    known = settings(recipe)
    for name in (name for name, value in changes.items() if value is True):
        setting = known.get(paths(recipe, name)[0])
        if setting is not None and setting.annotation is not bool:
            raise Refusal(f"{flag(name)} needs a value: {words(setting.annotation)}.")
