"""Help: the verbs, the flags of one, the settings of a recipe, and tables of parts."""

import inspect
from collections.abc import Callable, Iterator
from itertools import groupby
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from ..core.catalogue import Catalogue, summary
from ..core.specs import dashed
from ..core.text import paragraph, table, tables, width
from .flags import as_text, metavar, sections

if TYPE_CHECKING:
    from ..recipes import Recipe
    from ..recipes.parts import Setting
    from .verbs import Verb

_FIELDS = ("data", "batch", "rounds", "seed")  # flags of the run, too
_TITLES = {
    "halflife": "The moving average of the generator's weights; samples are drawn from it",
    "halflife_share": "The moving average of the generator's weights; samples are drawn from it",
    "conditional": "The labels of the data",
    "labelled": "The labels of the data",
    "binarize": "The values of the data",
    "data": "How the data is read",
    "game": "The game",
    "divergence": "The divergence",
    "likelihood": "The likelihood of a sample given its latent; auto: by the pixels",
    "augmentation": "The augmentation of the critic's inputs",
    "prior": "The prior of the latents",
    "rule": "The update rule of a round",
    "schedule": "The learning rate schedule",
    "networks": "The networks; auto: by the data and the penalties",
    "penalties": "The penalties; a weight of auto depends on the data",
    "optimizers": "The optimizers; --lr sets all learning rates, --optimizer the kind of all",
}
_NAMES = (
    "`equilibria show divergences` (penalties, likelihoods, augmentations, networks, norms, priors, rules, optimizers, "
    "schedules, turns, data) lists the names; a part of your own is my_module:my_function. "
    "--penalty NAME replaces the recipe's penalty, if any; --penalties.NAME NAME adds one."
)


def overview(verbs: "dict[str, Verb]") -> str:
    """The verbs in groups."""
    groups = groupby(verbs.items(), key=lambda item: item[1].group)
    rows = {title: [(f"{name} {v.words}".strip(), summary(v.call)) for name, v in items] for title, items in groups}
    title = paragraph("equilibria: train two-network games: GANs and their relatives, with theory you can check.")
    more = paragraph("`equilibria VERB --help` shows flags and examples, `equilibria train RECIPE --help` settings.")
    return f"{title}\n\n{tables(rows)}\n\n{more}"


def manual(name: str, verb: "Verb", words: list[str]) -> str:
    """A verb's usage, flags and examples, and other settings."""
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
    from ..recipes.settings import short

    def row(path: str, setting: "Setting") -> tuple[str, ...]:
        kind = "name" if setting.is_part else metavar(setting.annotation)
        return dashed(short(recipe, path)), kind, as_text(setting.value), setting.help

    rest = {path: s for path, s in settings(recipe).items() if path not in _FIELDS}
    groups = groupby(rest.items(), key=lambda item: _TITLES[item[0].partition(".")[0]])
    rows = {title: [row(*item) for item in items] for title, items in groups}
    return f"{tables(rows)}\n\n{paragraph(_NAMES)}"


def recipe_text(recipe: "Recipe", meanings: bool) -> str:
    """A recipe as JSON with its default values, and on request with the meaning of each."""
    from ..recipes.parts import settings
    from ..recipes.settings import with_defaults

    text = with_defaults(recipe).to_json().rstrip()
    if not meanings:
        return text
    helps = {path: setting.help for path, setting in settings(recipe).items()}
    lines = [(line, helps.get(path, "")) for line, path in _paths(text)]
    edge = max(len(line) for line, meaning in lines if meaning) + 2
    room = max(width() - edge - 2, 40)
    return "\n".join(
        f"{line.ljust(edge)}# {shorten(meaning, room, placeholder=' ...')}" if meaning else line
        for line, meaning in lines
    )


def _paths(text: str) -> Iterator[tuple[str, str]]:
    """The lines of an indented JSON object, each with the path of its value."""
    path: list[str] = []
    for line in text.split("\n"):
        key = line.strip().split('"')[1] if '": ' in line else ""
        yield line, ".".join(path if key == "name" else [*path, key]) if key and not line.endswith("{") else ""
        if line.endswith("{") and key:
            path.append(key)
        elif line.strip(" ,") == "}" and path:
            path.pop()


def catalogue_text(catalogue: Catalogue) -> str:
    """Each entry's name, summary and options."""
    entries = catalogue.describe()
    if not any(entry.options for entry in entries):
        return table([(entry.name, entry.summary) for entry in entries], indent=0)
    return "\n\n".join(_entry(name, builder) for name, builder in catalogue.items())


def _entry(name: str, builder: Callable[..., Any]) -> str:
    from ..recipes.parts import options_of

    rows = [(option, metavar(s.annotation), as_text(s.value), s.help) for option, s in options_of(builder).items()]
    return "\n".join([table([(name, summary(builder))], indent=0), *([table(rows, indent=4)] if rows else [])])
