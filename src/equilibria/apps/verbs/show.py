"""Show a recipe whole, or a table."""

import sys
from dataclasses import dataclass
from importlib import import_module

from ...core.catalogue import Catalogue
from ...core.errors import Refusal, nearest
from ...recipes import RECIPES
from ..arguments import Flags

TABLES = {  # what can be shown: (package, table)
    "recipes": ("recipes", "RECIPES"),
    "divergences": ("terms.divergences", "DIVERGENCES"),
    "penalties": ("terms.penalties", "PENALTIES"),
    "augmentations": ("terms.augmentations", "AUGMENTATIONS"),
    "generators": ("networks", "GENERATORS"),
    "critics": ("networks", "CRITICS"),
    "norms": ("networks.norms", "NORMS"),
    "conditionings": ("networks.conditioning", "CONDITIONINGS"),
    "priors": ("core.priors", "PRIORS"),
    "data": ("data", "DATASETS"),
    "games": ("games", "GAMES"),
    "turns": ("games.turns", "TURNS"),
    "rules": ("training.rules", "RULES"),
    "optimizers": ("training.optimizers", "OPTIMIZERS"),
    "schedules": ("training.schedules", "SCHEDULES"),
    "metrics": ("evaluation.metrics", "METRICS"),
}
ALIASES = {"networks": ("generators", "critics")}


@dataclass(frozen=True)
class FLAGS:
    """None."""


def run(word: str, flags: FLAGS, _: Flags) -> int:
    """On a terminal a recipe carries the meaning of its values; into a file it goes as `train` reads it."""
    from ..listing import contents, whole

    name = word.replace("-", "_")
    if word in RECIPES or word.endswith(".json"):
        from ...recipes.wishes import named

        print(whole(named(word), meanings=sys.stdout.isatty()))
    elif tables := ALIASES.get(name, (name,) if name in TABLES else ()):
        print("\n\n".join(("" if len(tables) == 1 else f"{table}:\n\n") + contents(_table(table)) for table in tables))
    else:
        raise Refusal(f"There is nothing called {word!r} to show.{nearest(word, [*RECIPES, *ALIASES, *TABLES])}")
    return 0


def _table(name: str) -> Catalogue:
    package, table = TABLES[name]
    return getattr(import_module(f"equilibria.{package}"), table)
