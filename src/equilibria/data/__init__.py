"""Floor 1. What is imitated: spaces, data sets, and batches of them."""

from .check import Report, check
from .datasets import DATASETS
from .find import Spec, builder_of, find
from .known import known
from .records import Data, Labels, Modes, Space
from .stream import Stream

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
