"""What lies beside a model: its description, its recipe, what was measured of it."""

import json
from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from ..recipes.recipe import Recipe
from ..recipes.stored import config_of
from ..records.events import read_lines
from ..records.folder import EVENTS, RECIPE


def config(place: Path | None) -> dict[str, Any]:
    """The contents of config.json. Raises Refusal for a model that was not loaded from a folder."""
    if place is None:
        raise Refusal("This model was put together by hand: of one that eq.load returns it is known how to rebuild it.")
    return config_of(place)


def beside(place: Path | None, name: str) -> Path | None:
    """A file in the model's folder, or, where that is a run's, in the run's."""
    places = [] if place is None else [place, place.parent] if place.name == "model" else [place]
    return next((path / name for path in places if (path / name).is_file()), None)


def recipe(place: Path | None, trust: bool = False) -> Recipe | None:
    """What the model was trained by, where that is known. Raises Refusal for a recipe that cannot be read.

    `trust` lets it name code of the user's own, which the caller must not run.
    """
    path = beside(place, RECIPE)
    return None if path is None else Recipe.load(path, trust)


def parts(place: Path | None) -> dict[str, Any]:
    """What the run recorded of parts of the user's own, by their place in the recipe; nothing where it did not."""
    path = beside(place, EVENTS)
    start = next((line for line in read_lines(path) if line.get("kind") == "start"), {}) if path else {}
    found = start.get("parts")
    return found if isinstance(found, dict) else {}


def recipe_name(place: Path | None) -> str:
    """What the recipe calls itself; nothing where it is not known."""
    return str(recipe_of(place).get("name", ""))


def data(place: Path | None) -> dict[str, Any]:
    """What the model was trained on, {"name": ..., **options}. Raises Refusal where that is not known."""
    known = recipe_of(place, "data")
    if not known:
        raise Refusal(
            "It is not known what this model was trained on: say which samples, by a path or a data set's name."
        )
    return known


def recipe_of(place: Path | None, part: str | None = None) -> dict[str, Any]:
    """The recipe as it is stored, or a part of it; nothing where it is not known."""
    path = beside(place, RECIPE)
    try:
        stored = json.loads(path.read_text(encoding="utf-8")) if path else {}
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        stored = {}
    found = stored.get(part) if part and isinstance(stored, dict) else stored
    return found if isinstance(found, dict) else {}


def measured(place: Path | None) -> dict[str, Any]:
    """The last figures of the run: {"step": ..., "metrics": {...}, "count": ...}; nothing where none are known."""
    path = beside(place, EVENTS) or beside(place, "metrics.json")
    known = [line for line in read_lines(path) if isinstance(line.get("metrics"), dict)] if path else []
    return {key: known[-1][key] for key in ("step", "metrics", "split", "count")} if known else {}
