"""Floor 1. What is trained: tensors in, tensors out. The tables are the registration."""

from ..core.catalogue import Catalogue
from . import dcgan, dense, residual

__all__ = ["CRITICS", "GENERATORS", "NETWORKS"]

GENERATORS = Catalogue("generator", dense=dense.generator, dcgan=dcgan.generator, residual=residual.generator)
CRITICS = Catalogue("critic", dense=dense.critic, dcgan=dcgan.critic, residual=residual.critic)
NETWORKS = {"generator": GENERATORS, "critic": CRITICS}
