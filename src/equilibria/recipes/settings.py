"""A recipe with some of its values changed, each named by its path or in short."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from .anatomy import NUMBERS, TURNED, Setting, catalogue_of, known_options, optimizers, parts, settings
from .naming import is_narrow, names_part, no_option, no_setting, paths, spread
from .reading import as_part, guessed, is_none, typed
from .recipe import Recipe

__all__ = ["Setting", "changed", "settings"]


def changed(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with these settings: {"penalty.weight": 5, "critic": "dcgan", "lr": "1e-4"}.

    Names are full paths or, where that is clear, short: options of the game (`clip`), `penalty` for the only one,
    `generator` and `critic` for networks, `lr` and `optimizer` for all players. Text is read as the option's type.
    """
    asked = {name.replace("-", "_"): value for name, value in changes.items()}
    swaps = [name for name in asked if names_part(recipe, name)]
    for name in swaps:
        every = list(spread(recipe, name, asked[name]))
        if name in ("penalty", "penalties"):
            recipe = dataclasses.replace(recipe, penalties={})
        for path, value in every:
            recipe = _swapped(recipe, path, value)
    for name in sorted((name for name in asked if name not in swaps), key=is_narrow):  # every player's, then one's
        for path in paths(recipe, name):
            recipe = _with_option(recipe, path, asked[name], name)
    recipe.check_shape(f"The recipe {recipe.name!r}")
    return recipe


def _swapped(recipe: Recipe, path: str, value: Any) -> Recipe:
    """The recipe with another part at this place, made anew."""
    if path.startswith("penalties.") and is_none(value):
        left = {key: spec for key, spec in recipe.penalties.items() if path != f"penalties.{key}"}
        return dataclasses.replace(recipe, penalties=left)
    if path == TURNED and not isinstance(guessed(value), str | Mapping):
        return _with_option(recipe, path, value, path)
    old = parts(recipe)[path][1] if path in parts(recipe) else {"name": ""}
    new = as_part(value, path)
    if new == {"name": old["name"]}:
        return recipe
    known = known_options(catalogue_of(path), new["name"])
    checked = {k: _checked(recipe, path, new["name"], k, v) for k, v in new.items() if k != "name"}
    kept = {k: v for k, v in old.items() if k in known} if old["name"] == "auto" else {}  # said of any network
    return _put(recipe, path, {**kept, **checked, "name": new["name"]})


def _with_option(recipe: Recipe, path: str, value: Any, said: str) -> Recipe:
    """The recipe with one number, or one option of a part, at another value."""
    now = settings(recipe).get(path)
    if now is not None and value == now.value:
        return recipe
    place, _, option = path.rpartition(".")
    if path in NUMBERS:
        fitted = typed(value, NUMBERS[path][0], path)
    elif place in parts(recipe):
        fitted = _checked(recipe, place, parts(recipe)[place][1]["name"], option, value)
    else:
        raise no_setting(recipe, said)
    return recipe if now is not None and fitted == now.value else _put(recipe, path, fitted)


def _checked(recipe: Recipe, place: str, name: str, option: str, value: Any) -> Any:
    """The value of an option of the part `name` at this place, as its type."""
    known = known_options(catalogue_of(place), name)
    if place == "data" and not known:  # nowhere yet, or elsewhere: judged when it is opened
        return guessed(value)
    if option not in known:
        raise no_option(recipe, place, name, option, known)
    fitted = typed(value, known[option].annotation, f"{place}.{option}")
    return list(fitted) if isinstance(fitted, tuple) else fitted  # as JSON will have it


def _put(recipe: Recipe, path: str, value: Any) -> Recipe:
    """The recipe with a value at this path."""
    first, *rest = path.split(".")
    tree = optimizers(recipe) if first == "optimizers" else getattr(recipe, first)
    return dataclasses.replace(recipe, **{first: _placed(tree, rest, value)})


def _placed(tree: Any, path: list[str], value: Any) -> Any:
    """The tree with a value at this path; the original is left alone."""
    return {**tree, path[0]: _placed(tree.get(path[0]), path[1:], value)} if path else value


def completed(recipe: Recipe) -> Recipe:
    """The same recipe with every value said that it leaves to a default."""
    for path, setting in settings(recipe).items():
        if not setting.is_part and setting.value != "auto":
            recipe = _put(recipe, path, setting.value)
    return recipe
