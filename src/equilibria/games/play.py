"""The vocabulary of a move: the batch, a draw from the prior, and what the networks make of them."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ..core.posteriors import Gaussian, Posterior
from ..core.priors import Prior
from ..core.types import Batch, once


class Play:
    """One move's material. Derived values are computed at first use, at most once."""

    def __init__(
        self, networks: nn.ModuleDict, batch: Batch, prior: Prior, step: int = 0, labelled: Batch | None = None
    ):
        self.networks: nn.ModuleDict | Mapping[str, nn.Module] = networks
        self.prior, self.step = prior, step
        self.labelled = labelled  # samples with labels, of the few that are known
        self.x, self.y = batch

    @once
    def noise(self) -> Tensor:
        """Drawn from the prior: (B, Z)."""
        return self.prior.draw(len(self.x), device=self.x.device)

    @once
    def z(self) -> Tensor:
        """The latents of samples: the noise, or what a prior that is told the condition makes of it: (B, Z)."""
        if "prior" not in self.networks:
            return self.noise
        return self.latent_prior.mean + (self.latent_prior.log_variance / 2).exp() * self.noise

    @once
    def fake(self) -> Tensor:
        """Generated from the prior: (B, *sample)."""
        return self.networks["generator"](self.z, self.y).to(self.x.dtype)

    @once
    def latent_prior(self) -> Gaussian:
        """How latents are distributed before anything is seen but the condition: over (B, Z)."""
        if "prior" in self.networks:
            return Gaussian(*(part.to(self.x.dtype) for part in self.networks["prior"](self.y)))
        return Gaussian.standard(self.noise)

    @once
    def posterior(self) -> Posterior:
        """Where the encoder thinks that the latents of the batch lie: over (B, Z)."""
        found: Any = self.networks["encoder"](self.x, self.y)
        return type(found)(*(part.to(self.x.dtype) for part in found))

    @once
    def code(self) -> Tensor:
        """Drawn from the posterior: (B, Z)."""
        return self.posterior.draw()

    @once
    def raw_reconstruction(self) -> Tensor:
        """What the generator makes of the code, before its last layer: (B, *sample)."""
        generator: Any = self.networks["generator"]
        return generator.raw(self.code, self.y).to(self.x.dtype)

    @once
    def reconstruction(self) -> Tensor:
        """Generated from the code: (B, *sample)."""
        return self.networks["generator"](self.code, self.y).to(self.x.dtype)

    @once
    def round(self) -> Tensor:
        """The rounds played before this move, as a number that losses may reckon with: ()."""
        return torch.full((), float(self.step), device=self.x.device)
