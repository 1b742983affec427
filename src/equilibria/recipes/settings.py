"""Settings: dotted paths and short names of recipe values, and how to change them."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core.errors import Refusal, nearest
from ..core.specs import as_part, guessed, is_none, typed
from ..terms.penalties import PENALTIES
from .options import Options
from .parts import N_CRITIC, NUMBERS, SINGLE, catalogue_of, known_options, optimizers, parts, settings
from .recipe import Recipe

_GROUPS = ("networks", "penalties", "optimizers")


def paths(recipe: Recipe, name: str) -> list[str]:
    """The full paths that a name stands for."""
    first, dot, rest = name.partition(".")
    if name == "lr":
        return paths(recipe, "optimizer.lr")
    if first == "optimizer":
        return [f"optimizers.{key}{dot}{rest}" for key in optimizers(recipe)]
    if first == "penalty":
        return [f"penalties.{_only_penalty(recipe, name)}{dot}{rest}"]
    if first in recipe.networks and first not in SINGLE:  # a prior is the latents' own, not the network
        return [f"networks.{name}"]
    return [f"game.{name}"] if first in known_options(catalogue_of("game"), recipe.game["name"]) else [name]


def names_part(recipe: Recipe, name: str) -> bool:
    """Whether a whole part, or a group of them, is meant rather than an option of one."""
    if name in _GROUPS or name.startswith("penalty"):
        return "." not in name
    path = paths(recipe, name)[0]
    return path in parts(recipe) or path == N_CRITIC or (path.startswith("penalties.") and path.count(".") == 1)


def is_narrow(name: str) -> bool:
    """Whether a name means one player's option rather than every player's."""
    return name != "lr" and not name.startswith("optimizer.")


def single_parts(recipe: Recipe, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The single parts, with their paths, that are meant by a part or a group of them."""
    if name == "penalty":
        yield from [] if is_none(value) else [(f"penalties.{as_part(value, name)['name']}", value)]
    elif name in _GROUPS:
        group = {} if is_none(value) else guessed(value)
        if not isinstance(group, Mapping):
            raise Refusal(f"{name} is {value!r}: name one of them, for example {name}.NAME.")
        yield from ((f"{name}.{key}", each) for key, each in group.items())
    else:
        yield from ((path, value) for path in paths(recipe, name))


def no_setting(recipe: Recipe, name: str) -> Refusal:
    """For a name that stands for nothing."""
    return Refusal(
        f"{name} is no setting of the recipe {recipe.name!r}.{meant(name, names(recipe))} "
        f"`equilibria show {recipe.name}` lists them all."
    )


def no_option(recipe: Recipe, place: str, part: str, option: str, known: Iterable[str]) -> Refusal:
    """For an option that the part at this place does not have."""
    elsewhere = [path for path in settings(recipe) if path.endswith(f".{place.rpartition('.')[2]}.{option}")]
    hint = f" Did you mean {elsewhere[0]!r}?" if elsewhere else nearest(option, known)
    return Refusal(f"{place}.{option} is not an option of {part!r}.{hint}")


def meant(name: str, known: Iterable[str]) -> str:
    """A sentence ending for an unknown name among many: the closest valid one, if any is close."""
    known = list(known)
    same_end = [path for path in known if path.endswith(f".{name}")]
    close = same_end or difflib.get_close_matches(name, known, n=1)
    return f" Did you mean {close[0]!r}?" if close else ""


def names(recipe: Recipe) -> list[str]:
    """Every name by which something about a run may be changed, short ones first."""
    full = list(settings(recipe))
    options = [field.name for field in dataclasses.fields(Options)]
    return list(dict.fromkeys(["lr", *options, *(short(recipe, path) for path in full), *full]))


def short(recipe: Recipe, path: str) -> str:
    """The shortest name of a full path."""
    group, _, rest = path.partition(".")
    if rest and group in ("game", "networks") and rest.partition(".")[0] not in SINGLE:
        return rest
    only = f"penalties.{next(iter(recipe.penalties), None)}"
    return path.replace(only, "penalty", 1) if len(recipe.penalties) == 1 and path.startswith(only) else path


def _only_penalty(recipe: Recipe, name: str) -> str:
    if len(recipe.penalties) == 1:
        return next(iter(recipe.penalties))
    if not recipe.penalties:
        raise Refusal(
            f"{name} means nothing here: the recipe {recipe.name!r} has no penalty. "
            f"Name one to add it, for example penalty=r1. Known: {', '.join(PENALTIES)}."
        )
    meant = " or ".join(name.replace("penalty", f"penalties.{key}", 1) for key in recipe.penalties)
    raise Refusal(f"{name} is not clear: the recipe {recipe.name!r} has several penalties. Say {meant}.")


def with_changes(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with these settings: {"penalty.weight": 5, "critic": "dcgan", "lr": "1e-4"}.

    Names are full paths or, where that is clear, short: options of the game (`clip`), `penalty` for the only one,
    `generator` and `critic` for networks, `lr` and `optimizer` for all players. Text is read as the option's type.
    """
    asked = {name.replace("-", "_"): value for name, value in changes.items()}
    swaps = [name for name in asked if names_part(recipe, name)]
    for name in swaps:
        every = list(single_parts(recipe, name, asked[name]))
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
    if path == N_CRITIC and not isinstance(guessed(value), str | Mapping):
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


def with_defaults(recipe: Recipe) -> Recipe:
    """The same recipe with every value said that it leaves to a default."""
    for path, setting in settings(recipe).items():
        if not setting.is_part and setting.value != "auto":
            recipe = _put(recipe, path, setting.value)
    return recipe
