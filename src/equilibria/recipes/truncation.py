"""Latents without their rare numbers: samples of less variety and more of the usual."""

import math

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.priors import Prior


def truncated(noise: Tensor, prior: Prior, threshold: float, generator: torch.Generator) -> Tensor:
    """The same draws of a prior, (N, Z), but normal numbers beyond the threshold drawn again until they are within it.

    The truncation trick (Brock et al. 2019, section 3.1). What lies within stays; parts that are not normal stay too.
    """
    if not (math.isfinite(threshold) and threshold > 0):
        raise Refusal(f"truncation is {threshold:g}: a number above 0 is needed, such as 0.7.")
    normal = torch.zeros(prior.size, dtype=torch.bool)
    for part in prior.parts:
        normal[part.place] = part.kind == "normal"
    if not normal.any():
        kinds = " and ".join(sorted({part.kind for part in prior.parts})) or "of an unknown kind"
        raise Refusal(f"Truncation is for normal latents; those of this model are {kinds}: leave it out.")
    return torch.where(normal & (noise.abs() > threshold), _within(noise.shape, threshold, generator), noise)


def _within(shape: torch.Size, threshold: float, generator: torch.Generator) -> Tensor:
    """Standard normals under the condition that they are within the threshold, by their distribution's inverse."""
    share = 2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1
    found = math.sqrt(2) * torch.erfinv(share * math.erf(threshold / math.sqrt(2)))
    return found.float().clamp(-threshold, threshold)
