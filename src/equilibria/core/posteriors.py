"""What an encoder answers: where the latent of a sample lies."""

import math
from typing import NamedTuple, Self

import torch
from torch import Tensor

_LOG_TWO_PI = math.log(2 * math.pi)


class Point(NamedTuple):
    """One latent for each sample: a deterministic encoder's answer."""

    mean: Tensor  # (B, Z)

    def draw(self) -> Tensor:
        """The latent itself: (B, Z)."""
        return self.mean


class Gaussian(NamedTuple):
    """Independent normals: an encoder's answer, or a prior that was told the condition."""

    mean: Tensor  # (B, Z)
    log_variance: Tensor  # (B, Z)

    def draw(self) -> Tensor:
        """A latent by reparametrization, mean + sigma noise (Kingma and Welling 2014, section 2.4): (B, Z)."""
        return self.mean + (self.log_variance / 2).exp() * torch.randn_like(self.mean)

    def log_density(self, z: Tensor) -> Tensor:
        """Of latents (B, Z), with all constants, in nats: (B,)."""
        squared = (z - self.mean).square() * (-self.log_variance).exp()
        return -(squared + self.log_variance + _LOG_TWO_PI).sum(dim=1) / 2

    def divergence(self, other: "Gaussian") -> Tensor:
        """KL(self || other) of every coordinate, in nats: (B, Z)."""
        difference = self.log_variance - other.log_variance
        apart = (self.mean - other.mean).square() * (-other.log_variance).exp()
        return (difference.exp() + apart - 1 - difference) / 2

    @classmethod
    def standard(cls, like: Tensor) -> Self:
        """Zero mean and unit variance, as many as there are in (B, Z)."""
        return cls(torch.zeros_like(like), torch.zeros_like(like))


Posterior = Point | Gaussian
