"""Floor 1. What is imitated: spaces, data sets, and batches of them."""

from .batches import Stream, labelled_subset
from .dataset import Data, Labels, Modes, Space
from .datasets import DATASETS
from .inspect import DataReport, check
from .resolve import Spec, data_builder, load_data

__all__ = [
    "DATASETS",
    "Data",
    "DataReport",
    "Labels",
    "Modes",
    "Space",
    "Spec",
    "Stream",
    "check",
    "data_builder",
    "labelled_subset",
    "load_data",
]
