"""The squared maximum mean discrepancy: KID on Inception features."""

import math
from typing import NamedTuple

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.seeding import generator
from ...data import Data
from ..neighbors import flat
from .base import Measurement, Metric

_FEWEST = 8  # samples of a set


class Kernel(NamedTuple):
    """(gamma <x, y> + coef)^degree, the polynomial kernel of Binkowski et al. (2018)."""

    degree: int = 3
    gamma: float | None = None  # None: one over the number of features
    coef: float = 1.0

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """Of all rows of x (N, F) with all rows of y (M, F): (N, M)."""
        return (x @ y.T * (1 / x.shape[1] if self.gamma is None else self.gamma) + self.coef) ** self.degree


DEFAULT = Kernel()


def kernel(
    data: Data, *, degree: int = 3, gamma: float | None = None, coef: float = 1.0, subsets: int = 100, size: int = 1000
) -> Metric:
    """Unbiased squared distance of polynomial kernel means; 0 on average is best (Binkowski et al. 2018).

    `degree` is the power of the kernel; `gamma` is the factor of the inner product (none: one over the number of
    features); `coef` is what is added to it; `subsets` is the number of pairs of random subsets in the mean; `size` is
    the number of samples in a subset, at most half of all. For equal distributions it is below zero as often as
    above. Called KID only on the Inception network.
    """
    if degree < 1 or subsets < 2 or size < 2:
        raise Refusal("The metric 'kernel' needs a degree of at least 1, two subsets, and a size of at least 2.")
    polynomial = Kernel(degree, gamma, coef)
    return Metric(
        lambda sets: {"kernel": kernel_distance(sets.real, sets.fake, polynomial, subsets, size)},
        fewest=_FEWEST,
        reason="its standard error comes from subsets of half of the samples",
        cost=lambda sizes: sizes.distances(subsets * 4 * min(size, sizes.count // 2) ** 2),
    )


@torch.no_grad()
def kernel_distance(
    real: Tensor, fake: Tensor, kernel: Kernel = DEFAULT, subsets: int = 100, size: int = 1000, seed: int = 0
) -> Measurement:
    """The mean of the unbiased distance over random subsets of real (N, *sample) and fake (M, *sample).

    Subsets overlap, so their variance alone gives no standard error. With v the variance over subsets of s of n
    samples, the law of total variance gives that of the mean over all subsets as v s / (n - s), and less for equal
    distributions; the finite number of subsets adds v / subsets.
    """
    x, y = flat(real), flat(fake)  # not centered: the kernel depends on the origin
    count, place = min(len(x), len(y)), generator(seed, subsets)
    size = max(min(size, count // 2), 2)
    values = torch.stack([unbiased(_random(x, size, place), _random(y, size, place), kernel) for _ in range(subsets)])
    share = size / (count - size) if count > size else 1.0
    return Measurement(float(values.mean()), math.sqrt(float(values.var()) * (share + 1 / subsets)))


def unbiased(x: Tensor, y: Tensor, kernel: Kernel = DEFAULT) -> Tensor:
    """The U-statistic of the squared maximum mean discrepancy of x (N, F) and y (M, F) (Gretton et al. 2012): ()."""
    return _mean_off_diagonal(kernel(x, x)) + _mean_off_diagonal(kernel(y, y)) - 2 * kernel(x, y).mean()


def _mean_off_diagonal(values: Tensor) -> Tensor:
    """The mean of a matrix (N, N) without its diagonal."""
    return (values.sum() - values.diagonal().sum()) / (len(values) * (len(values) - 1))


def _random(x: Tensor, size: int, place: torch.Generator) -> Tensor:
    return x[torch.randperm(len(x), generator=place)[:size].to(x.device)]
