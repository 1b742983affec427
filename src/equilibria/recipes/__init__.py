"""Floor 4. Complete descriptions of training runs. The table of presets is the registration."""

from ..core.catalogue import Catalogue
from .presets import PRESETS
from .recipe import Recipe

__all__ = ["DEFAULT", "DEFAULT_FOR_FEW", "DEFAULT_FOR_POINTS", "RECIPES", "THOROUGH", "Recipe"]

DEFAULT, DEFAULT_FOR_POINTS = "gan-ns", "r3gan"  # if no recipe is named: see docs/design/plan.md
DEFAULT_FOR_FEW = "r3gan"  # few, colored or labeled images
THOROUGH = "wgan-gp"  # slow and steady

RECIPES = Catalogue("recipe", **{preset().name: preset for preset in PRESETS})
