"""How far samples (M, *sample) are from data (N, *sample). The table is the registration."""

from ...core.catalogue import Catalogue
from .sliced import sliced_wasserstein

__all__ = ["METRICS"]

METRICS = Catalogue("metric", sliced_wasserstein=sliced_wasserstein)
