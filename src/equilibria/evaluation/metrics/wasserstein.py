"""Wasserstein distances: sliced, exact by optimal transport, and Frechet's between Gaussians of features."""

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.seeding import generator
from ...data import Data
from ..neighbors import centered_rows, distance_chunks, flat, subset
from .base import POSITIVE, Measurement, Measurements, Metric, SampleSets

_CHUNK = 64  # directions at a time
_PIVOTS = 100_000_000  # of the network simplex, at most


def sliced(data: Data, *, directions: int = 256) -> Metric:
    """Sliced Wasserstein distance of the samples as they are; 0 is best (Rabin et al. 2011).

    `directions` is the number of lines that the samples are projected to. The metric of runs in training.
    """

    def measure(sets: SampleSets) -> Measurements:
        return {"sliced_wasserstein": Measurement(sliced_wasserstein(flat(sets.real), flat(sets.fake), directions))}

    ranges, cost = {"sliced_wasserstein": POSITIVE}, 1e-7 * directions
    each = lambda sizes: cost * sizes.count * (1 + sizes.features / 1000)  # noqa: E731
    return Metric(measure, input="samples", ranges=ranges, cost=each)


@torch.no_grad()
def sliced_wasserstein(real: Tensor, fake: Tensor, directions: int = 256, seed: int = 0) -> float:
    """Sliced Wasserstein distance of order 2 (Rabin et al. 2011; Bonneel et al. 2015), 0 for equal sets.

    The root of the mean, over directions u on the unit sphere, of the squared distance between the quantile functions
    of real . u and fake . u: exact for sets of any sizes, (N, *sample) and (M, *sample). Directions have their own
    generator.
    """
    real, fake = real.flatten(1).float(), fake.flatten(1).float()
    normal = torch.randn(directions, real.shape[1], generator=generator(seed, directions)).to(real.device)
    units = torch.nn.functional.normalize(normal, dim=1)
    squares = [_squared(part @ real.T, part @ fake.T) for part in units.split(_CHUNK)]
    return float(torch.cat(squares).mean().sqrt())


def _squared(real: Tensor, fake: Tensor) -> Tensor:
    """Squared Wasserstein distance of each row: the integral of (F^-1 - G^-1)^2 over [0, 1], both are steps."""
    n, m = real.shape[1], fake.shape[1]
    ends = torch.cat([torch.arange(1, n + 1) * m, torch.arange(1, m + 1) * n]).unique().to(real.device)  # times n m
    starts = torch.cat([ends.new_zeros(1), ends[:-1]])
    widths = (ends - starts).double() / (n * m)
    gaps = _ascending(real)[:, starts // m] - _ascending(fake)[:, starts // n]
    return (gaps.double().square() * widths).sum(dim=1)


def _ascending(x: Tensor) -> Tensor:
    """Each row in ascending order; on a processor NumPy sorts several times faster."""
    return torch.from_numpy(np.sort(x.numpy())) if x.device.type == "cpu" else x.sort().values


def wasserstein(data: Data, *, order: int = 1, count: int = 2000) -> Metric:
    """Exact Wasserstein distance of the samples, by optimal transport; 0 is best, biased upwards for few samples.

    `order` is the power of the distance in the cost; `count` is the number of samples of each set, at most: time grows
    with its cube. Solved by the network simplex of POT (Flamary et al. 2021).
    """
    if order < 1 or count < 2:
        raise Refusal("The metric 'wasserstein' needs an order of at least 1, and two samples.")

    def measure(sets: SampleSets) -> Measurements:
        distance = wasserstein_distance(subset(sets.real, count), subset(sets.fake, count), order)
        return {"wasserstein": Measurement(distance)}

    return Metric(measure, ranges={"wasserstein": POSITIVE}, cost=lambda sizes: 3e-7 * min(count, sizes.count) ** 2)


@torch.no_grad()
def wasserstein_distance(real: Tensor, fake: Tensor, order: int = 1) -> float:
    """(min over plans of E |x - y|^p)^(1/p) between real (N, *sample) and fake (M, *sample), all of equal weight."""
    import ot  # type: ignore[import-untyped,unused-ignore]  # slow to import

    x, y = centered_rows(real, fake)
    cost = torch.cat([distances for _, distances in distance_chunks(x, y)]).pow(order).cpu().numpy()
    return float(ot.emd2([], [], cost, numItermax=_PIVOTS)) ** (1 / order)


def frechet(data: Data) -> Metric:
    """Frechet distance between Gaussians fitted to features; 0 is best, biased upwards by 1/n (Heusel et al. 2017).

    Called FID only on the Inception network of that paper. Values of different counts cannot be compared: between two
    sets of n samples of the same F uncorrelated features of unit variance it is F (F + 5) / 2 n on average.
    """
    return Metric(
        lambda sets: {"frechet": Measurement(frechet_distance(sets.real, sets.fake))},
        ranges={"frechet": POSITIVE},
        caution=_rank,
        cost=lambda sizes: 1e-9 * sizes.features**3,
    )


def _rank(sets: SampleSets) -> str:
    """A caution about covariances that are not of full rank."""
    count, features = min(len(sets.real), len(sets.fake)), sets.real.flatten(1).shape[1]
    if count > features:
        return ""
    return (
        f"frechet of {count:,} samples with {features:,} features each is mostly bias: it needs more samples than "
        "features. Read it next to its floor only, and compare it with values of as many samples only."
    )


@torch.no_grad()
def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Between Gaussians with the means and the unbiased covariances of real (N, *sample) and fake (M, *sample)."""
    x, y = centered_rows(real, fake)
    return between_gaussians(x.mean(dim=0), torch.cov(x.T), y.mean(dim=0), torch.cov(y.T))


def between_gaussians(mean: Tensor, covariance: Tensor, other_mean: Tensor, other_covariance: Tensor) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) (Dowson and Landau 1982), the square of their Wasserstein-2 distance.

    Means are (F,), covariances (F, F), of any rank. With C = A A^T and C' = B B^T the last trace is the sum of the
    singular values of A^T B: no root of a rounded zero, and nothing complex.
    """
    covariance, other_covariance = torch.atleast_2d(covariance, other_covariance)
    shared = torch.linalg.svdvals(_root(covariance).T @ _root(other_covariance)).sum()
    distance = (mean - other_mean).square().sum() + covariance.trace() + other_covariance.trace() - 2 * shared
    return max(float(distance), 0.0)


def _root(covariance: Tensor) -> Tensor:
    """A with A A^T = C, of C (F, F), by eigenvalues."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt()
