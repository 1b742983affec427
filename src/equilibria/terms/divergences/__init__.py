"""How critic scores become the losses of the two sides. The tuples of builders are the registration."""

from ...core.catalogue import Catalogue
from .base import Divergence, FDivergence, Loss, own_divergence, traits
from .f_divergences import F_DIVERGENCES
from .gan_losses import GAN_LOSSES

__all__ = ["DIVERGENCES", "Divergence", "FDivergence", "Loss", "traits"]

DIVERGENCES = Catalogue.of("divergence", *GAN_LOSSES, *F_DIVERGENCES).adapting(own_divergence)
