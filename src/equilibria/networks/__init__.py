"""Floor 1. Networks: tensors in, tensors out. The catalogues are the registration."""

from ..core.catalogue import Catalogue
from . import dcgan, dense, residual
from .own import own_critic, own_generator

__all__ = ["CRITICS", "ENCODERS", "GENERATORS", "NETWORKS", "PRIOR_NETWORKS"]

GENERATORS = Catalogue("generator", dense=dense.generator, dcgan=dcgan.generator, residual=residual.generator)
CRITICS = Catalogue("critic", dense=dense.critic, dcgan=dcgan.critic, residual=residual.critic)
ENCODERS = Catalogue("encoder", dense=dense.encoder, dcgan=dcgan.encoder, residual=residual.encoder)
GENERATORS.adapting(own_generator)
CRITICS.adapting(own_critic)
PRIOR_NETWORKS = Catalogue("prior network", dense=dense.prior)
NETWORKS = {"generator": GENERATORS, "critic": CRITICS, "encoder": ENCODERS, "prior": PRIOR_NETWORKS}
