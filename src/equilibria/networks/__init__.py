"""Floor 1. What is trained: tensors in, tensors out. The tables are the registration."""

from ..core.catalogue import Catalogue
from . import dense

__all__ = ["CRITICS", "GENERATORS", "NETWORKS"]

GENERATORS = Catalogue("generator", dense=dense.generator)
CRITICS = Catalogue("critic", dense=dense.critic)
NETWORKS = {"generator": GENERATORS, "critic": CRITICS}
