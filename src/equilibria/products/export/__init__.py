"""A trained network as one file that other programs run."""

from .exporting import Exported, export
from .weights import rebuilt

__all__ = ["Exported", "export", "rebuilt"]
