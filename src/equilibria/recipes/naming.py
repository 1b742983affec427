"""The names of settings: what each stands for in a recipe, and what was probably meant by one that is none."""

import dataclasses
import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core.errors import Refusal, nearest
from ..terms.penalties import PENALTIES
from .anatomy import SINGLE, TURNED, catalogue_of, known_options, optimizers, parts, settings
from .options import Options
from .reading import as_part, guessed, is_none
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
    return path in parts(recipe) or path == TURNED or (path.startswith("penalties.") and path.count(".") == 1)


def is_narrow(name: str) -> bool:
    """Whether a name means one player's option rather than every player's."""
    return name != "lr" and not name.startswith("optimizer.")


def spread(recipe: Recipe, name: str, value: Any) -> Iterator[tuple[str, Any]]:
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
