"""How critic scores become the losses of the two sides. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Divergence, FDivergence, Loss, traits
from .f_divergences import (
    alpha,
    gan,
    jeffreys,
    jensen_shannon,
    kl,
    neyman,
    pearson,
    reverse_kl,
    squared_hellinger,
    total_variation,
    weighted_jensen_shannon,
)
from .gan_losses import hinge, least_squares, minimax, non_saturating, relativistic, relativistic_average, wasserstein

__all__ = ["DIVERGENCES", "Divergence", "FDivergence", "Loss", "traits"]

DIVERGENCES = Catalogue(
    "divergence",
    minimax=minimax,
    non_saturating=non_saturating,
    least_squares=least_squares,
    hinge=hinge,
    wasserstein=wasserstein,
    relativistic=relativistic,
    relativistic_average=relativistic_average,
    kl=kl,
    reverse_kl=reverse_kl,
    pearson=pearson,
    neyman=neyman,
    squared_hellinger=squared_hellinger,
    jeffreys=jeffreys,
    jensen_shannon=jensen_shannon,
    gan=gan,
    total_variation=total_variation,
    alpha=alpha,
    weighted_jensen_shannon=weighted_jensen_shannon,
)
