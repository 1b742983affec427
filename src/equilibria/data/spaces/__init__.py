"""What one sample is. The table rebuilds a space from its description."""

from ...core.catalogue import Catalogue
from .image import Image
from .plane import Plane

__all__ = ["SPACES", "Image", "Plane"]

SPACES = Catalogue("space", image=Image, plane=Plane)
