"""What happens to every view before a critic sees it. The table is the registration."""

from ...core.catalogue import Catalogue
from .ada import ada
from .base import Augmentation, none
from .diffaugment import diffaugment

__all__ = ["AUGMENTATIONS", "FIXED", "Augmentation"]

AUGMENTATIONS = Catalogue("augmentation", none=none, diffaugment=diffaugment, ada=ada)

FIXED = "diffaugment"  # to take where data are few: right for every divergence
