"""The distance between two Gaussians that have the moments of the sets."""

import torch
from torch import Tensor

from ...data import Data
from .base import Figure, Figures, Metric, Sets
from .distances import rows


def frechet(data: Data) -> Metric:
    """Frechet distance between Gaussians fitted to features; 0 is best, biased upwards by 1/n (Heusel et al. 2017).

    Called FID only on the Inception network of that paper. Numbers of different counts cannot be compared: between two
    sets of n samples of the same F uncorrelated features of unit variance it is F (F + 5) / 2 n on average.
    """

    def measure(sets: Sets) -> Figures:
        return {"frechet": Figure(frechet_distance(sets.real, sets.fake))}

    return Metric(measure)


@torch.no_grad()
def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """Between Gaussians with the means and the unbiased covariances of real (N, *sample) and fake (M, *sample)."""
    x, y = rows(real, fake)
    return between_gaussians(x.mean(dim=0), torch.cov(x.T), y.mean(dim=0), torch.cov(y.T))


def between_gaussians(mean: Tensor, covariance: Tensor, other_mean: Tensor, other_covariance: Tensor) -> float:
    """|m - m'|^2 + tr(C + C' - 2 (C C')^(1/2)) (Dowson and Landau 1982), the square of their Wasserstein-2 distance.

    Means are (F,), covariances (F, F), of any rank. With C = A A^T and C' = B B^T the last trace is the sum of the
    singular values of A^T B: no root of a rounded zero, and nothing complex.
    """
    covariance, other_covariance = torch.atleast_2d(covariance, other_covariance)
    shared = torch.linalg.svdvals(_root(covariance).T @ _root(other_covariance)).sum()
    apart = (mean - other_mean).square().sum() + covariance.trace() + other_covariance.trace() - 2 * shared
    return max(float(apart), 0.0)


def _root(covariance: Tensor) -> Tensor:
    """A with A A^T = C, of C (F, F), by eigenvalues."""
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt()
