"""Floor 1. What is imitated: spaces, data sets, and batches of them."""

from .batches import Stream, known
from .dataset import Data, Labels, Modes, Space
from .datasets import DATASETS
from .inspect import Report, check
from .resolve import Spec, builder_of, find

__all__ = [
    "DATASETS",
    "Data",
    "Labels",
    "Modes",
    "Report",
    "Space",
    "Spec",
    "Stream",
    "builder_of",
    "check",
    "find",
    "known",
]
