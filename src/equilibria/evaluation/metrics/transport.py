"""What it costs to carry one set to the other."""

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import Data
from .base import Figure, Figures, Metric, Sets
from .distances import parted, rows, some

_PIVOTS = 100_000_000  # of the network simplex, at most


def wasserstein(data: Data, *, order: int = 1, count: int = 2000) -> Metric:
    """Exact Wasserstein distance of the samples, by optimal transport; 0 is best, biased upwards for few of them.

    `order` is the power of the distance that is paid, `count` the samples of each set that are carried, at most:
    time grows with its cube. Solved by the network simplex of POT (Flamary et al. 2021).
    """
    if order < 1 or count < 2:
        raise Refusal("The metric 'wasserstein' needs an order of at least 1, and two samples.")

    def measure(sets: Sets) -> Figures:
        distance = wasserstein_distance(some(sets.real, count), some(sets.fake, count), order)
        return {"wasserstein": Figure(distance)}

    return Metric(measure)


@torch.no_grad()
def wasserstein_distance(real: Tensor, fake: Tensor, order: int = 1) -> float:
    """(min over plans of E |x - y|^p)^(1/p) between real (N, *sample) and fake (M, *sample), all of equal weight."""
    import ot  # type: ignore[import-untyped,unused-ignore]  # slow to import

    x, y = rows(real, fake)
    price = torch.cat([distances for _, distances in parted(x, y)]).pow(order).cpu().numpy()
    return float(ot.emd2([], [], price, numItermax=_PIVOTS)) ** (1 / order)
