"""Pairwise distances and nearest neighbors, in chunks."""

from collections.abc import Iterator

import torch
from torch import Tensor

from ..core.errors import Failure, Refusal
from ..core.seeding import generator

_CELLS = 1 << 24  # distances held at a time: 128 MiB
_FEW = 32  # features: up to here subtracting is fast, and exact where a product would round


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
    """Sets (N, *sample) as such rows about the mean of the first, which changes no distance and rounds it less."""
    parts = [flat(one) for one in sets]
    return tuple(one - parts[0].mean(dim=0) for one in parts)


def subset(x: Tensor, count: int) -> Tensor:
    """At most so many rows of x (N, ...): all of them in their order, or some at random, always the same."""
    return x if len(x) <= count else x[torch.randperm(len(x), generator=generator(0, count))[:count].to(x.device)]


def distance_chunks(x: Tensor, y: Tensor) -> Iterator[tuple[slice, Tensor]]:
    """Some rows of x (N, F) at a time: which, and their distances from all rows of y (M, F), as (n, M)."""
    size = max(_CELLS // len(y), 1)
    mode = "donot_use_mm_for_euclid_dist" if x.shape[1] <= _FEW else "use_mm_for_euclid_dist"
    for start in range(0, len(x), size):
        place = slice(start, min(start + size, len(x)))
        yield place, torch.cdist(x[place], y, compute_mode=mode)


def nearest(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """How far the nearest row of y (M, F) is from each of x (N, F), and which one it is: (N,), (N,) int64."""
    found = [distances.min(dim=1) for _, distances in distance_chunks(x, y)]
    return torch.cat([part.values for part in found]), torch.cat([part.indices for part in found])


def radii(x: Tensor, k: int) -> Tensor:
    """From each row of x (N, F) to its k-th nearest other one: (N,). Raises Refusal where there are not so many."""
    if not 1 <= k < len(x):
        raise Refusal(f"k is {k}: of {len(x)} samples each has between 1 and {len(x) - 1} neighbours.")
    closest = (distances.topk(k + 1, dim=1, largest=False).values for _, distances in distance_chunks(x, x))
    return torch.cat([found[:, k] for found in closest])  # the first is itself
