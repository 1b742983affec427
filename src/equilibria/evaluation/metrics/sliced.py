"""The distance between two sets of samples, seen from many directions."""

import torch
from torch import Tensor

from ...core.randomness import generator
from ...data import Data
from .base import Figure, Figures, Metric, Sets
from .distances import flat

_CHUNK = 64  # directions at a time


def sliced(data: Data, *, directions: int = 256) -> Metric:
    """Sliced Wasserstein distance of the samples as they are; 0 is best (Rabin et al. 2011).

    `directions` is how many lines the samples are projected to. What a playing run is measured by.
    """

    def measure(sets: Sets) -> Figures:
        return {"sliced_wasserstein": Figure(sliced_wasserstein(flat(sets.real), flat(sets.fake), directions))}

    return Metric(measure, sees="samples")


@torch.no_grad()
def sliced_wasserstein(real: Tensor, fake: Tensor, directions: int = 256, seed: int = 0) -> float:
    """Sliced Wasserstein distance of order 2 (Rabin et al. 2011; Bonneel et al. 2015), 0 for equal sets.

    The root of the mean, over directions u on the unit sphere, of the squared distance between the quantile functions
    of real . u and fake . u: exact for sets of any sizes, (N, *sample) and (M, *sample). Directions have their own
    generator.
    """
    real, fake = real.flatten(1).float(), fake.flatten(1).float()
    drawn = torch.randn(directions, real.shape[1], generator=generator(seed, directions)).to(real.device)
    across = torch.nn.functional.normalize(drawn, dim=1)
    squares = [_squared(real @ part.T, fake @ part.T) for part in across.split(_CHUNK)]
    return float(torch.cat(squares).mean().sqrt())


def _squared(real: Tensor, fake: Tensor) -> Tensor:
    """Squared Wasserstein distance of each column: the integral of (F^-1 - G^-1)^2 over [0, 1], both are steps."""
    n, m = len(real), len(fake)
    ends = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]).unique().to(real.device)  # times n m
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    widths = (ends - starts).double() / (n * m)
    gaps = real.sort(dim=0).values[starts // m] - fake.sort(dim=0).values[starts // n]
    return (gaps.double().square() * widths[:, None]).sum(dim=0)
