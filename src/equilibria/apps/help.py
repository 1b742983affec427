"""Help: the verbs, the flags of one, the settings of a recipe, and tables of parts."""

import inspect
from collections.abc import Callable, Iterator
from itertools import groupby
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ..core.catalogue import Catalogue, summary
from ..core.text import paragraph, table, tables, width
from .flags import dashed, metavar, sections, shown

if TYPE_CHECKING:
    from ..recipes import Recipe
    from ..recipes.parts import Setting
    from .verbs import Verb

_FIELDS = ("data", "batch", "rounds", "seed")  # flags of the run, too
_TITLES = {
    "halflife": "The average from which samples are drawn",
    "conditional": "The labels of the data",
    "labelled": "The labels of the data",
    "binarize": "The values of the data",
    "data": "How the data are read",
    "game": "The game",
    "divergence": "The divergence",
    "likelihood": "The likelihood of a sample given its latent; auto: what suits the pixels",
    "augmentation": "The augmentation of everything the critic sees",
    "prior": "The prior of the latents",
    "rule": "The update rule of a round",
    "schedule": "The learning rate schedule",
    "networks": "The networks; auto: what suits the data and the penalties",
    "penalties": "The penalties; a weight of auto suits the data",
    "optimizers": "The optimizers: --lr sets all learning rates, --optimizer the kind of all",
}
_NAMES = (
    "`equilibria show divergences` (penalties, likelihoods, augmentations, networks, norms, priors, rules, optimizers, "
    "schedules, turns, data) lists the names; a part of your own is my_module:my_function. "
    "--penalty NAME replaces the recipe's penalty, if any; --penalties.NAME NAME adds one."
)


def overview(verbs: "dict[str, Verb]") -> str:
    """What the program is, and its verbs in groups."""
    groups = groupby(verbs.items(), key=lambda item: item[1].group)
    rows = {title: [(f"{name} {v.words}".strip(), summary(v.call)) for name, v in items] for title, items in groups}
    return "\n\n".join(
        [
            paragraph("equilibria: train two-network games: GANs and their relatives, with theory you can check."),
            tables(rows),
            "`equilibria VERB --help` shows flags and examples, `equilibria train RECIPE --help` all settings.",
        ]
    )


def manual(name: str, verb: "Verb", words: list[str]) -> str:
    """A verb's usage, flags and examples, and what else can be set."""
    values, more = verb.more(*words[:1]) if verb.more else ({}, "")
    rows = [flag.row(values.get(flag.parameter, flag.default)) for flag in verb.flags().values()]
    usage = " ".join(["equilibria", name, *words, *verb.words.split()[len(words) :]])
    examples = sections(inspect.getdoc(verb.call) or "")["Examples"].splitlines()
    blocks = [
        usage + (" [--FLAG VALUE ...]" if rows else ""),
        paragraph(summary(verb.call)),
        tables({"Flags": rows}) if rows else "",
        "\n".join(["Examples", *(f"  {line}" for line in examples)]),
        more,
    ]
    return "\n\n".join(filter(None, blocks))


def recipe_settings(recipe: "Recipe") -> str:
    """Every setting of a recipe as a flag, in groups: its type, its value, its meaning."""
    from ..recipes.parts import settings

    found = {path: s for path, s in settings(recipe).items() if path not in _FIELDS}
    groups = groupby(found.items(), key=lambda item: _TITLES[item[0].partition(".")[0]])
    rows = {title: [_setting(recipe, *item) for item in items] for title, items in groups}
    return f"{tables(rows)}\n\n{paragraph(_NAMES)}"


def _setting(recipe: "Recipe", path: str, setting: "Setting") -> tuple[str, ...]:
    from ..recipes.settings import short

    kind = "name" if setting.is_part else metavar(setting.annotation)
    return dashed(short(recipe, path)), kind, shown(setting.value), setting.help


def whole(recipe: "Recipe", meanings: bool) -> str:
    """A recipe as JSON with its default values, if wanted with the meaning of each."""
    from ..recipes.parts import settings
    from ..recipes.settings import with_defaults

    text = with_defaults(recipe).to_json().rstrip()
    if not meanings:
        return text
    known = settings(recipe)
    lines = [(line, known[path].help if path in known else "") for line, path in _places(text)]
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
    """Each entry's name, summary and options."""
    if not any(entry.options for entry in catalogue.describe()):
        return table([(entry.name, entry.summary) for entry in catalogue.describe()], indent=0)
    return "\n\n".join(_entry(name, builder) for name, builder in catalogue.items())


def _entry(name: str, builder: Callable[..., Any]) -> str:
    from ..recipes.parts import options_of

    rows = [(option, metavar(s.annotation), shown(s.value), s.help) for option, s in options_of(builder).items()]
    return "\n".join([table([(name, summary(builder))], indent=0), *([table(rows, indent=4)] if rows else [])])
