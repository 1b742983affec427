"""Recipes and tables, spelled out for people."""

from collections.abc import Callable, Iterator
from itertools import groupby
from textwrap import shorten
from typing import Any

from ..core.catalogue import Catalogue, summary
from ..recipes import Recipe
from ..recipes.anatomy import Setting, options_of
from ..recipes.naming import short
from ..recipes.settings import completed, settings
from .arguments import flag, metavar, shown
from .text import paragraph, table, tables, width

_FIELDS = ("data", "batch", "rounds", "seed")  # flags of the run, too
_TITLES = {
    "halflife": "The average from which samples are drawn",
    "conditional": "The labels of the data",
    "labelled": "The labels of the data",
    "binarize": "The values of the data",
    "data": "How the data are read",
    "game": "The game",
    "divergence": "The divergence",
    "likelihood": "The likelihood of a sample, given its latent: auto takes what suits the pixels",
    "augmentation": "The augmentation of all that the critic sees",
    "prior": "The prior of the latents",
    "rule": "How a round is played",
    "schedule": "The schedule of the learning rates",
    "networks": "The networks: auto takes what suits the data and the penalties",
    "penalties": "The penalties: a weight of auto is one that suits the data",
    "optimizers": "The optimizers: --lr sets the rate of all of them, --optimizer their kind",
}
_NAMES = (
    "`equilibria show divergences` (penalties, likelihoods, augmentations, networks, norms, priors, rules, optimizers, "
    "schedules, turns, data) lists what can be named; a part of your own is named my_module:my_function. "
    "--penalty NAME puts a penalty in the place of the recipe's, if any; --penalties.NAME NAME adds one."
)


def leaflet(recipe: Recipe) -> str:
    """Every setting of a recipe as a flag, in groups: its type, its value, its meaning."""
    found = {path: s for path, s in settings(recipe).items() if path not in _FIELDS}
    groups = groupby(found.items(), key=lambda item: _TITLES[item[0].partition(".")[0]])
    rows = {title: [_row(recipe, *item) for item in items] for title, items in groups}
    return f"{tables(rows)}\n\n{paragraph(_NAMES)}"


def whole(recipe: Recipe, meanings: bool) -> str:
    """A recipe as JSON with the values that it leaves to defaults; with what each means beside it, if wanted."""
    text = completed(recipe).to_json().rstrip()
    if not meanings:
        return text
    told = settings(recipe)
    lines = [(line, told[path].help if path in told else "") for line, path in _places(text)]
    edge = max(len(line) for line, about in lines if about) + 2
    return "\n".join(
        line.ljust(edge) + "# " + shorten(about, max(width() - edge - 2, 40), placeholder=" ...") if about else line
        for line, about in lines
    )


def _places(text: str) -> Iterator[tuple[str, str]]:
    """The lines of an indented JSON object, each with the path of the value in it."""
    path: list[str] = []
    for line in text.split("\n"):
        key = line.strip().split('"')[1] if '": ' in line else ""
        yield line, ".".join(path if key == "name" else [*path, key]) if key and not line.endswith("{") else ""
        if line.endswith("{") and key:
            path.append(key)
        elif line.strip(" ,") == "}" and path:
            path.pop()


def contents(catalogue: Catalogue) -> str:
    """Each entry's name, what it is, and its options."""
    if not any(entry.options for entry in catalogue.describe()):
        return table([(entry.name, entry.summary) for entry in catalogue.describe()], indent=0)
    return "\n\n".join(_entry(name, builder) for name, builder in catalogue.items())


def _entry(name: str, builder: Callable[..., Any]) -> str:
    rows = [(option, metavar(s.annotation), shown(s.value), s.help) for option, s in options_of(builder).items()]
    return "\n".join([table([(name, summary(builder))], indent=0), *([table(rows, indent=4)] if rows else [])])


def _row(recipe: Recipe, path: str, setting: Setting) -> tuple[str, ...]:
    kind = "name" if setting.is_part else metavar(setting.annotation)
    return flag(short(recipe, path)), kind, shown(setting.value), setting.help
