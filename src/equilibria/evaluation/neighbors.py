"""Pairwise distances and nearest neighbors, in chunks."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..core.errors import Failure, Refusal
from ..core.seeding import generator

_DISTANCES = 1 << 24  # in memory at a time: 128 MiB
_FEW = 32  # features, up to which exact distances are fast, too


def flat(x: Tensor) -> Tensor:
    """A set (N, *sample) as rows (N, F) in double precision.

    Raises Refusal for a set of fewer than two samples, Failure for values that are not finite.
    """
    if len(x) < 2:
        raise Refusal(f"A set of {len(x)} samples cannot be measured: at least two are needed.")
    if not torch.isfinite(x).all():
        raise Failure("A sample holds values that are not finite: there is no distance to it.")
    return x.flatten(1).double()


def centered_rows(*sets: Tensor) -> tuple[Tensor, ...]:
    """Sets (N, *sample) as rows (N, F), minus the mean of the first set: equal distances with smaller rounding errors.

    Raises what `flat` raises.
    """
    parts = [flat(one) for one in sets]
    return tuple(one - parts[0].mean(dim=0) for one in parts)


def subset(x: Tensor, count: int) -> Tensor:
    """At most `count` rows of x (N, ...): all of them in their order, or a random subset with a fixed seed."""
    return x if len(x) <= count else x[torch.randperm(len(x), generator=generator(0, count))[:count].to(x.device)]


def distances(x: Tensor, y: Tensor, exact: bool) -> Tensor:
    """Euclidean distances of all rows of x (N, F) from all rows of y (M, F): (N, M).

    Exact ones are from differences; else they are from inner products, which is faster and rounds more.
    """
    return torch.cdist(x, y, compute_mode=f"{'donot_' if exact else ''}use_mm_for_euclid_dist")


def distance_chunks(x: Tensor, y: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Successive rows of x (N, F): their slice, and their distances from all rows of y (M, F), as (n, M)."""
    size = max(_DISTANCES // len(y), 1)
    for start in range(0, len(x), size):
        place = slice(start, min(start + size, len(x)))
        yield place, distances(x[place], y, x.shape[1] <= _FEW)


def nearest(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The distance of each row of x (N, F) from the nearest row of y (M, F), and its index: (N,), (N,) int64."""
    minima = [chunk.min(dim=1) for _, chunk in distance_chunks(x, y)]
    return torch.cat([part.values for part in minima]), torch.cat([part.indices for part in minima])


def radii(x: Tensor, k: int) -> Tensor:
    """The distance of each row of x (N, F) from its k-th nearest other row: (N,). Raises Refusal unless 1 <= k < N."""
    if not 1 <= k < len(x):
        raise Refusal(f"k is {k}: of {len(x)} samples each has between 1 and {len(x) - 1} neighbors.")
    closest = (chunk.topk(k + 1, dim=1, largest=False).values for _, chunk in distance_chunks(x, x))
    return torch.cat([chunk[:, k] for chunk in closest])  # the first is the row itself
