"""List the formulations that can be trained."""

from dataclasses import dataclass

from ...recipes import DEFAULT, DEFAULT_FOR_POINTS, RECIPES
from ..arguments import Flags
from ..text import table


@dataclass(frozen=True)
class FLAGS:
    """None."""


def run(word: str, flags: FLAGS, _: Flags) -> int:
    """A line a recipe."""
    print(table([(entry.name, entry.summary) for entry in RECIPES.describe()], indent=0))
    print(f"\n`equilibria train` plays {DEFAULT} where none is named; on points {DEFAULT_FOR_POINTS}.")
    return 0
