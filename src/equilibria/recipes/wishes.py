"""From the keywords of a caller to a recipe, options and a folder."""

import dataclasses
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from ..data import DATASETS
from ..records.folder import refuse_taken
from . import RECIPES
from .naming import paths
from .options import Options
from .parts import check
from .recipe import Recipe
from .settings import changed

_OF_THE_RECIPE = ("rounds", "batch", "seed")


def split_options(keywords: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """The options among keywords, checked; the rest are changes to the recipe."""
    values = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in keywords.items()}
    names = {field.name for field in dataclasses.fields(Options)}
    described = isinstance(values.get("data"), Mapping)  # a part of the recipe, with options of its own
    options = {k: check(Options, k, v, k) for k, v in values.items() if k in names and not (k == "data" and described)}
    return Options(**options), {k: v for k, v in values.items() if k not in options}


def load_recipe(recipe: str | Recipe, options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe, with the options and changes that concern it."""
    loaded = recipe if isinstance(recipe, Recipe) else named(recipe)
    if options.data is not None and options.data != loaded.data["name"]:
        loaded = dataclasses.replace(loaded, data={"name": _absolute(options.data)})
    overrides = {name: value for name in _OF_THE_RECIPE if (value := getattr(options, name)) is not None}
    loaded = changed(dataclasses.replace(loaded, **overrides), changes)
    loaded.check_shape(f"The recipe {loaded.name!r}")
    _refuse_idle(loaded, changes)
    return loaded


def run_folder(recipe: Recipe, options: Options) -> Path:
    """Where the run will be recorded. Raises Refusal for a name that is taken or cannot be one."""
    if options.name is None:
        data = Path(str(recipe.data["name"])).stem
        return Path(options.runs) / "-".join(re.sub(r"[^\w.]+", "-", part).strip("-.") for part in (recipe.name, data))
    if options.name in ("", ".", "..") or any(mark in options.name for mark in ("/", "\\", "\0")):
        raise Refusal(f"name is {options.name!r}: it must be the name of a folder, without slashes; --runs says where.")
    refuse_taken(path := Path(options.runs) / options.name)
    return path


def named(recipe: str) -> Recipe:
    """A recipe of the table, or one in a JSON file."""
    path = Path(recipe)
    return Recipe.load(path) if path.suffix == ".json" or path.is_file() else RECIPES[recipe]()


def _refuse_idle(recipe: Recipe, changes: Mapping[str, Any]) -> None:
    """Raise Refusal for a setting of conditions where no network has any."""
    for name in changes if not recipe.conditional else ():
        for path in paths(recipe, name.replace("-", "_")):
            if path.startswith("networks.") and path.endswith(".conditioning"):
                raise Refusal(f"{name} says how labels are told, and this game is told none: add --conditional.")


def _absolute(data: str) -> str:
    """A path from the root of the file system; other names unchanged."""
    path = Path(data).expanduser()
    return str(path.absolute()) if data not in DATASETS and path.exists() else data
