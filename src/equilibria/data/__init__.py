"""Floor 1. What is imitated: spaces, data sets, and batches of them."""

from .datasets import DATASETS
from .records import Data, Labels, Space
from .stream import Stream

__all__ = ["DATASETS", "Data", "Labels", "Space", "Stream"]
