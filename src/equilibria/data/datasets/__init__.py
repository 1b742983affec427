"""Data sets with a name, and kinds of data that a path selects. The table is the registration."""

from ...core.catalogue import Catalogue
from .array import array
from .builtin import digits, fashion
from .cifar10 import cifar10
from .faces import faces
from .hub import hub
from .image_folder import folder
from .mnist import fashion_mnist, mnist, stacked_mnist
from .toy import grid, lines, ring, swiss_roll

__all__ = ["DATASETS"]

DATASETS = Catalogue(
    "data set",
    digits=digits,
    fashion=fashion,
    faces=faces,
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
