"""Settings: dotted paths and short names of recipe values, and how to change them."""

import dataclasses
import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ..core.catalogue import former_names
from ..core.errors import Refusal, nearest
from ..core.specs import PYTHON, Own, as_spec, is_none, parse, parse_json
from ..terms.penalties import PENALTIES
from .options import Options
from .parts import N_CRITIC, NUMBERS, SINGLE, catalogue_of, current, known_options, optimizers, parts, renamed, settings
from .recipe import Recipe

_ALIASES = {  # what other programs call them
    "epochs": "--rounds 1000, or --budget 5m",
    **dict.fromkeys(("steps", "iterations"), "--rounds 1000"),
    **dict.fromkeys(("image_size", "resolution"), "--data.size 64"),
    **dict.fromkeys(("gpu", "cuda"), "--device cuda"),
    **dict.fromkeys(("fp16", "amp"), "--precision bf16"),
    "batch_size": "--batch 64",
    "learning_rate": "--lr 1e-4",
    **dict.fromkeys(("out", "output"), "--name NAME, in the folder --runs"),
}
_GROUPS = ("networks", "penalties", "optimizers")


def with_changes(recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """The recipe with these settings: {"penalty.weight": 5, "critic": "dcgan", "lr": "1e-4"}.

    Names are full paths or, if unambiguous, short: options of the game (`clip`), `penalty` for the only one,
    `generator` and `critic` for networks, `lr` and `optimizer` for all players. Text is read as the option's type.
    Raises Refusal for a name that is no setting, and for a value that does not fit.
    """
    changes = {name.replace("-", "_"): value for name, value in changes.items()}
    recipe, swaps = current(recipe), [name for name in changes if is_part_name(recipe, name)]
    for name in swaps:
        members = list(members_of(recipe, name, changes[name]))
        if name in ("penalty", "penalties"):
            recipe = dataclasses.replace(recipe, penalties={})
        for path, value in members:
            recipe = _with_part(recipe, path, value)
    options = [name for name in changes if name not in swaps]
    options.sort(key=lambda name: name != "lr" and not name.startswith("optimizer."))  # one player's last
    for name in options:
        _refuse_former_name(recipe, name, changes)
        for path in paths(recipe, name):
            recipe = _with_option(recipe, path, changes[name], name)
    recipe.check_shape(f"The recipe {recipe.name!r}")
    return recipe


def _refuse_former_name(recipe: Recipe, name: str, changes: Iterable[str]) -> None:
    """Raise Refusal if this name is the former one of an option that is also set by another name."""
    if (path := paths(recipe, name)[0]).rpartition(".")[2] == name.rpartition(".")[2]:
        return
    for other in changes:
        if other != name and paths(recipe, other)[0] == path:
            raise Refusal(f"{name} is the former name of {other}: set {other} only.")


def with_defaults(recipe: Recipe) -> Recipe:
    """The same recipe with the default of every option written out."""
    for path, setting in settings(recipe).items():
        if not setting.is_part and setting.value != "auto":
            recipe = _with_value(recipe, path, setting.value)
    return recipe


def paths(recipe: Recipe, name: str) -> list[str]:
    """The full paths of a short name. Raises Refusal for `penalty` in a recipe without or with several."""
    name = "optimizer.lr" if name == "lr" else name
    first, dot, rest = name.partition(".")
    if first == "optimizer":
        return [f"optimizers.{key}{dot}{rest}" for key in optimizers(recipe)]
    if first == "penalty":
        return [_current_path(recipe, f"penalties.{_only_penalty(recipe, name)}{dot}{rest}")]
    if first in recipe.networks and first not in SINGLE:  # `prior` is the latents' prior, not the network
        return [f"networks.{name}"]
    in_game = first in known_options(catalogue_of("game"), recipe.game["name"])
    return [_current_path(recipe, f"game.{name}" if in_game else name)]


def _current_path(recipe: Recipe, path: str) -> str:
    """The path of an option by its current name."""
    place, _, option = path.rpartition(".")
    catalogue, spec = parts(recipe).get(place, (PENALTIES, {"name": ""}))
    former = former_names(catalogue[spec["name"]]) if spec["name"] in catalogue else {}
    return f"{place}.{former[option]}" if option in former else path


def _only_penalty(recipe: Recipe, name: str) -> str:
    if len(recipe.penalties) == 1:
        return next(iter(recipe.penalties))
    if not recipe.penalties:
        raise Refusal(
            f"{name} has no meaning here: the recipe {recipe.name!r} has no penalty. "
            f"Add one by name, for example penalty=r1. Known: {', '.join(PENALTIES)}."
        )
    choices = " or ".join(name.replace("penalty", f"penalties.{key}", 1) for key in recipe.penalties)
    raise Refusal(f"{name} is ambiguous: the recipe {recipe.name!r} has several penalties. Say {choices}.")


def is_part_name(recipe: Recipe, name: str) -> bool:
    """Whether a name stands for a whole part or a group of them, not for an option."""
    if name in _GROUPS or name.startswith("penalty"):
        return "." not in name
    path = paths(recipe, name)[0]
    return path in parts(recipe) or path == N_CRITIC or (path.startswith("penalties.") and path.count(".") == 1)


def members_of(recipe: Recipe, name: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The single parts, with their paths, of a part or a group of parts."""
    if name == "penalty":
        yield from [] if is_none(value) else [(f"penalties.{_key(as_spec(value, name)['name'])}", value)]
    elif name in _GROUPS:
        group = {} if is_none(value) else parse_json(value)
        if not isinstance(group, Mapping):
            raise Refusal(f"{name} is {value!r}: set one of them, for example {name}.NAME.")
        yield from ((f"{name}.{key}", each) for key, each in group.items())
    else:
        yield from ((path, value) for path in paths(recipe, name))


def _key(name: str) -> str:
    """The key of a part of this name; of a user's own, its function's."""
    return re.sub(r"\W+", "", name.rpartition(":")[2]) if ":" in name else name


def with_own_parts(recipe: Recipe, own: Mapping[str, Any], where: str) -> Recipe:
    """The stored recipe with a user's functions and instances for the parts that name code, under short names or paths.

    Raises Refusal for another part, and for one that no file stores and that is missing.
    """
    for name, part in own.items():
        path, specs = paths(recipe, name)[0], parts(recipe)
        if path not in specs or ":" not in specs[path][1]["name"]:
            raise Refusal(f"{name} is no part of your own in {where}: leave it out.")
        recipe = _with_value(recipe, f"{path}.name", Own(part, specs[path][1]["name"]))
    missing = [
        (short(recipe, path), spec["name"])
        for path, (_, spec) in parts(recipe).items()
        if spec["name"].startswith(PYTHON) and not isinstance(spec["name"], Own)
    ]
    if missing:
        names = " and ".join(f"{name} ({part.removeprefix(PYTHON)})" for name, part in missing)
        raise Refusal(
            f"{where} has parts of your own, which no file stores: {names}. Pass them in Python, as in "
            f"eq.resume(RUN, {', '.join(f'{name}=...' for name, _ in missing)})."
        )
    return recipe


def short(recipe: Recipe, path: str) -> str:
    """The shortest name of a full path."""
    group, _, rest = path.partition(".")
    if rest and group in ("game", "networks") and rest.partition(".")[0] not in SINGLE:
        return rest
    only = f"penalties.{next(iter(recipe.penalties), None)}"
    return path.replace(only, "penalty", 1) if len(recipe.penalties) == 1 and path.startswith(only) else path


def no_setting(recipe: Recipe, name: str) -> Refusal:
    """The refusal of a name that is no setting of a recipe, with the closest one."""
    full = list(settings(recipe))
    names = ["lr", *(f.name for f in dataclasses.fields(Options)), *(short(recipe, path) for path in full), *full]
    close = [each for each in names if each.endswith(f".{name}")] or difflib.get_close_matches(name, names, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    hint = f" Write {_ALIASES[name]}." if name in _ALIASES else hint
    return Refusal(
        f"{name} is no setting of the recipe {recipe.name!r}.{hint} `equilibria show {recipe.name}` lists them all."
    )


def _no_option(recipe: Recipe, place: str, part: str, option: str, options: Iterable[str]) -> Refusal:
    """The refusal of an option that the part at this path does not have."""
    elsewhere = [path for path in settings(recipe) if path.endswith(f".{place.rpartition('.')[2]}.{option}")]
    hint = f" Did you mean {elsewhere[0]!r}?" if elsewhere else nearest(option, options)
    return Refusal(f"{place}.{option} is not an option of {part!r}.{hint}")


def _with_part(recipe: Recipe, path: str, value: Any) -> Recipe:
    """The recipe with another part at this path."""
    if path.startswith("penalties.") and is_none(value):
        others = {key: spec for key, spec in recipe.penalties.items() if path != f"penalties.{key}"}
        return dataclasses.replace(recipe, penalties=others)
    if path == N_CRITIC and not isinstance(parse_json(value), str | Mapping):
        return _with_option(recipe, path, value, path)
    old = parts(recipe)[path][1] if path in parts(recipe) else {"name": ""}
    new = renamed(path, as_spec(value, path))
    if new == {"name": old["name"]}:
        return recipe
    options = known_options(catalogue_of(path), new["name"])
    shared = {k: v for k, v in old.items() if k in options} if old["name"] == "auto" else {}  # valid for any network
    own = {k: _typed_option(recipe, path, new["name"], k, v) for k, v in new.items() if k != "name"}
    return _with_value(recipe, path, {**shared, **own, "name": new["name"]})


def _with_option(recipe: Recipe, path: str, value: Any, name: str) -> Recipe:
    """The recipe with another value of one number or option; `name` is what the user typed."""
    setting = settings(recipe).get(path)
    if setting is not None and value == setting.value:
        return recipe
    place, _, option = path.rpartition(".")
    if path in NUMBERS:
        new = parse(value, NUMBERS[path][0], path)
    elif place in parts(recipe):
        new = _typed_option(recipe, place, parts(recipe)[place][1]["name"], option, value)
    else:
        raise no_setting(recipe, name)
    return recipe if setting is not None and new == setting.value else _with_value(recipe, path, new)


def _typed_option(recipe: Recipe, place: str, name: str, option: str, value: Any) -> Any:
    """The value of an option of the part `name` at this path, as its type."""
    options = known_options(catalogue_of(place), name)
    if place == "data" and not options:  # the path does not exist yet: checked when it is opened
        return parse_json(value)
    if option not in options:
        raise _no_option(recipe, place, name, option, options)
    result = parse(value, options[option].annotation, f"{place}.{option}")
    return list(result) if isinstance(result, tuple) else result  # as in JSON


def _with_value(recipe: Recipe, path: str, value: Any) -> Recipe:
    """The recipe with a value at this path."""
    first, *rest = path.split(".")
    tree = optimizers(recipe) if first == "optimizers" else getattr(recipe, first)
    return dataclasses.replace(recipe, **{first: _nested(tree, rest, value)})


def _nested(tree: Any, path: list[str], value: Any) -> Any:
    """A copy of the nested dictionaries with a value at this path."""
    return {**tree, path[0]: _nested(tree.get(path[0]), path[1:], value)} if path else value
