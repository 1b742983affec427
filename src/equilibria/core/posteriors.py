"""Posteriors: the output of an encoder, a distribution over the latent of each sample."""

import math
from typing import NamedTuple, Self

import torch
from torch import Tensor

_LOG_TWO_PI = math.log(2 * math.pi)


class Point(NamedTuple):
    """One latent per sample, from a deterministic encoder."""

    mean: Tensor  # (B, Z)

    def draw(self) -> Tensor:
        """The latent itself: (B, Z)."""
        return self.mean


class Gaussian(NamedTuple):
    """Independent normals: the output of an encoder, or a prior under a condition."""

    mean: Tensor  # (B, Z)
    log_variance: Tensor  # (B, Z)

    def draw(self) -> Tensor:
        """A latent by reparametrization, mean + sigma noise (Kingma and Welling 2014, section 2.4): (B, Z)."""
        return self.mean + (self.log_variance / 2).exp() * torch.randn_like(self.mean)

    def log_density(self, z: Tensor) -> Tensor:
        """Log density of latents (B, Z), with all constants, in nats: (B,)."""
        squared = (z - self.mean).square() * (-self.log_variance).exp()
        return -(squared + self.log_variance + _LOG_TWO_PI).sum(dim=1) / 2

    def divergence(self, other: "Gaussian") -> Tensor:
        """KL(self || other) per dimension, in nats: (B, Z)."""
        difference = self.log_variance - other.log_variance
        distance = (self.mean - other.mean).square() * (-other.log_variance).exp()
        return (difference.exp() + distance - 1 - difference) / 2

    @classmethod
    def standard(cls, like: Tensor) -> Self:
        """Zero mean and unit variance, of this shape (B, Z)."""
        return cls(torch.zeros_like(like), torch.zeros_like(like))


Posterior = Point | Gaussian
