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
    said = {name: os.fspath(value) if isinstance(value, os.PathLike) else value for name, value in keywords.items()}
    known = {field.name for field in dataclasses.fields(Options)}
    described = isinstance(said.get("data"), Mapping)  # a part of the recipe, with options of its own
    options = {k: check(Options, k, v, k) for k, v in said.items() if k in known and not (k == "data" and described)}
    return Options(**options), {k: v for k, v in said.items() if k not in options}


def load_recipe(recipe: str | Recipe, options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe that is meant, with everything that was said about it."""
    wanted = recipe if isinstance(recipe, Recipe) else named(recipe)
    if options.data is not None and options.data != wanted.data["name"]:
        wanted = dataclasses.replace(wanted, data={"name": _absolute(options.data)})
    said = {name: value for name in _OF_THE_RECIPE if (value := getattr(options, name)) is not None}
    wanted = changed(dataclasses.replace(wanted, **said), changes)
    wanted.check_shape(f"The recipe {wanted.name!r}")
    _refuse_idle(wanted, changes)
    return wanted


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
    """What is said about conditions means nothing where no network is told any."""
    for name in changes if not recipe.conditional else ():
        for path in paths(recipe, name.replace("-", "_")):
            if path.startswith("networks.") and path.endswith(".conditioning"):
                raise Refusal(f"{name} says how labels are told, and this game is told none: add --conditional.")


def _absolute(data: str) -> str:
    """A path as it can be found again from anywhere; other names unchanged."""
    path = Path(data).expanduser()
    return str(path.absolute()) if data not in DATASETS and path.exists() else data
