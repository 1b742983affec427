"""Recipes and tables, spelled out for people."""

from collections.abc import Iterator
from itertools import groupby
from textwrap import shorten

from ..core.catalogue import Catalogue
from ..recipes import Recipe
from ..recipes.anatomy import Setting, options_of
from ..recipes.naming import short
from ..recipes.settings import completed, settings
from .arguments import flag, metavar, shown
from .text import table, tables, width

_FIELDS = ("data", "batch", "rounds", "seed")  # flags of the run, too
_TITLES = {
    "halflife": "The average from which samples are drawn",
    "data": "How the data are read",
    "game": "The game",
    "divergence": "The divergence",
    "prior": "The prior of the latents",
    "schedule": "The schedule of the learning rates",
    "networks": "The networks: auto takes what suits the data and the penalties",
    "penalties": "The penalties",
    "optimizers": "The optimizers: --lr sets the rate of all of them, --optimizer their kind",
}


def leaflet(recipe: Recipe) -> str:
    """Every setting of a recipe as a flag, in groups: its type, its value, its meaning."""
    found = {path: s for path, s in settings(recipe).items() if path not in _FIELDS}
    groups = groupby(found.items(), key=lambda item: item[0].partition(".")[0])
    return tables({_TITLES[group]: [_row(recipe, *item) for item in items] for group, items in groups})


def whole(recipe: Recipe, meanings: bool) -> str:
    """A recipe as JSON with the values that it leaves to defaults; with what each means beside it, if wanted."""
    text = completed(recipe).to_json().rstrip()
    if not meanings:
        return text
    told = settings(recipe)
    lines = [(line, told[path].help if path in told else "") for line, path in _places(text)]
    edge = max(len(line) for line, about in lines if about) + 2
    return "\n".join(
        line.ljust(edge) + "# " + shorten(about, max(width() - edge - 2, 40)) if about else line
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
    blocks = []
    for entry in catalogue.describe():
        rows = [
            (name, metavar(s.annotation), shown(s.value), s.help)
            for name, s in options_of(catalogue[entry.name]).items()
        ]
        blocks.append(table([(entry.name, entry.summary)], indent=0) + ("\n" + table(rows, indent=4) if rows else ""))
    return "\n".join(blocks)


def _row(recipe: Recipe, path: str, setting: Setting) -> tuple[str, ...]:
    kind = "name" if setting.is_part else metavar(setting.annotation)
    return flag(short(recipe, path)), kind, shown(setting.value), setting.help
