"""What images, points, tables are compared by. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Features
from .classifier import classifier
from .published import inception
from .untrained import pixels, random

__all__ = ["FEATURES", "Features"]

FEATURES = Catalogue("feature network", inception=inception, classifier=classifier, random=random, pixels=pixels)
