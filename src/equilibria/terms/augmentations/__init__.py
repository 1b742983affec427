"""Transforms of a critic's input. The catalogue is the registration."""

from ...core.catalogue import Catalogue
from .ada import ada
from .base import Augmentation, NoAugmentation
from .diffaugment import diffaugment

__all__ = ["AUGMENTATIONS", "FIXED", "Augmentation"]

AUGMENTATIONS = Catalogue("augmentation", none=NoAugmentation, diffaugment=diffaugment, ada=ada)

FIXED = "diffaugment"  # recommended for little data: it suits every divergence
