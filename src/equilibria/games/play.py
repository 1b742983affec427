"""The input of one step: a batch, latents from the prior, and the outputs of the networks."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..core.posteriors import Gaussian, Posterior
from ..core.priors import Prior
from ..core.types import Batch, lazy


class Play:
    """The input of one step. Derived values are computed at first use, at most once."""

    def __init__(
        self, networks: nn.ModuleDict, batch: Batch, prior: Prior, step: int = 0, labelled: Batch | None = None
    ):
        self.networks: nn.ModuleDict | Mapping[str, nn.Module] = networks
        self.prior, self.step = prior, step
        self.labelled = labelled  # a batch of the labeled subset
        self.x, self.y = batch

    @lazy
    def noise(self) -> Tensor:
        """A draw of the prior: (B, Z)."""
        return self.prior.draw(len(self.x), device=self.x.device)

    @lazy
    def z(self) -> Tensor:
        """The latents of samples: the noise, or with a prior network its transform given the condition: (B, Z)."""
        if "prior" not in self.networks:
            return self.noise
        return self.latent_prior.mean + (self.latent_prior.log_variance / 2).exp() * self.noise

    @lazy
    def fake(self) -> Tensor:
        """Samples of the generator, G(z): (B, *sample)."""
        return self.networks["generator"](self.z, self.y).to(self.x.dtype)

    @lazy
    def latent_prior(self) -> Gaussian:
        """The distribution of latents given the condition: over (B, Z)."""
        if "prior" in self.networks:
            return Gaussian(*(part.to(self.x.dtype) for part in self.networks["prior"](self.y)))
        return Gaussian.standard(self.noise)

    @lazy
    def posterior(self) -> Posterior:
        """The encoder's distribution over the latents of the batch: over (B, Z)."""
        posterior: Any = self.networks["encoder"](self.x, self.y)
        return type(posterior)(*(part.to(self.x.dtype) for part in posterior))

    @lazy
    def code(self) -> Tensor:
        """A draw of the posterior: (B, Z)."""
        return self.posterior.draw()

    @lazy
    def raw_reconstruction(self) -> Tensor:
        """The generator's output for the code, before its output activation: (B, *sample)."""
        generator: Any = self.networks["generator"]
        return generator.raw(self.code, self.y).to(self.x.dtype)

    @lazy
    def reconstruction(self) -> Tensor:
        """The generator's sample for the code, G(E(x)): (B, *sample)."""
        return self.networks["generator"](self.code, self.y).to(self.x.dtype)

    @lazy
    def round(self) -> Tensor:
        """The number of rounds before this step, as a tensor for losses: ()."""
        return torch.full((), float(self.step), device=self.x.device)
