"""Floor 2. Who plays, for what, and how often. The table is the registration."""

from ..core.catalogue import Catalogue
from .gan import gan

__all__ = ["GAMES"]

GAMES = Catalogue("game", gan=gan)
