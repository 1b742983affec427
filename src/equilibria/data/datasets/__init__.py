"""The data sets with a name. The table is the registration."""

from ...core.catalogue import Catalogue
from .digits import digits
from .points import grid, lines, ring, swiss_roll

__all__ = ["DATASETS"]

DATASETS = Catalogue("data set", digits=digits, ring=ring, grid=grid, swiss_roll=swiss_roll, lines=lines)
