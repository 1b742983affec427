"""The data sets with a name. The table is the registration."""

from ...core.catalogue import Catalogue
from .digits import digits

__all__ = ["DATASETS"]

DATASETS = Catalogue("data set", digits=digits)
