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
    "likelihoods": ("terms.likelihoods", "LIKELIHOODS"),
    "generators": ("networks", "GENERATORS"),
    "critics": ("networks", "CRITICS"),
    "encoders": ("networks", "ENCODERS"),
    "prior_networks": ("networks", "PRIOR_NETWORKS"),
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
    "features": ("evaluation.features", "FEATURES"),
}
ALIASES = {"networks": ("generators", "critics", "encoders", "prior_networks")}


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
        titles = [f"{table.replace('_', ' ')}:\n\n" if len(tables) > 1 else "" for table in tables]
        print("\n\n".join(title + contents(_table(table)) for title, table in zip(titles, tables, strict=True)))
    else:
        raise Refusal(f"There is nothing called {word!r} to show.{nearest(word, [*RECIPES, *ALIASES, *TABLES])}")
    return 0


def _table(name: str) -> Catalogue:
    package, table = TABLES[name]
    return getattr(import_module(f"equilibria.{package}"), table)
