"""The data sets with a name, and those that a path gives. The table is the registration."""

from ...core.catalogue import Catalogue
from .array import array
from .builtin import digits, fashion
from .cifar10 import cifar10
from .folder import folder
from .hub import hub
from .idx import fashion_mnist, mnist
from .points import grid, lines, ring, swiss_roll
from .stacked import stacked_mnist

__all__ = ["DATASETS"]

DATASETS = Catalogue(
    "data set",
    digits=digits,
    fashion=fashion,
    mnist=mnist,
    fashion_mnist=fashion_mnist,
    cifar10=cifar10,
    stacked_mnist=stacked_mnist,
    ring=ring,
    grid=grid,
    swiss_roll=swiss_roll,
    lines=lines,
    folder=folder,
    array=array,
    hub=hub,
)
