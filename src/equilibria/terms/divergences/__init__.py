"""How critic scores become the losses of the two sides. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Divergence, Loss
from .classic import hinge, least_squares, minimax, non_saturating
from .relativistic import relativistic
from .transport import wasserstein

__all__ = ["DIVERGENCES", "Divergence", "Loss"]

DIVERGENCES = Catalogue(
    "divergence",
    minimax=minimax,
    non_saturating=non_saturating,
    least_squares=least_squares,
    hinge=hinge,
    wasserstein=wasserstein,
    relativistic=relativistic,
)
