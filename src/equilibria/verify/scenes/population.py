"""Data N(0, 1) and a model N(1, 1), known exactly: means by quadrature instead of samples."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence

Scorer = Callable[[Tensor], Tensor]  # points (N,) to scores (N,)

NODES = 800


def line(nodes: int = NODES, start: float = -9.0, end: float = 10.0) -> Tensor:
    """Equally spaced points in double precision, none of them where the densities cross: (nodes,)."""
    return torch.linspace(start, end, nodes, dtype=torch.float64)


def density(x: Tensor, mean: float = 0.0, deviation: float = 1.0) -> Tensor:
    """Of a Gaussian."""
    return torch.exp(-(((x - mean) / deviation) ** 2) / 2) / (deviation * math.sqrt(2 * math.pi))


def integral(values: Tensor, x: Tensor) -> Tensor:
    """Over the line, by trapezoids: exact to rounding for what is smooth and vanishes at the ends."""
    return torch.trapezoid(values, x)


def f_divergence(f: Callable[[Tensor], Tensor], nodes: int = 20_000) -> float:
    """D_f(P || Q), the integral of q f(p / q), with P = N(0, 1) and Q = N(1, 1)."""
    x = line(nodes)
    return float(integral(density(x, 1.0) * f(torch.exp(0.5 - x)), x))


def mean_loss(divergence: Divergence, real: Tensor, fake: Tensor, p: Tensor, q: Tensor) -> Tensor:
    """The critic's mean loss over all pairs of a real and a fake score, with weights p and q that sum to one: ()."""
    count = len(real)
    losses = divergence.critic(real.repeat_interleave(count), fake.repeat(count))
    return (losses.view(count, count) * p[:, None] * q).sum()


def population_loss(divergence: Divergence, scorer: Scorer, nodes: int = NODES) -> Tensor:
    """The critic's mean loss on the whole of P and Q: ()."""
    x = line(nodes)
    scores, step = scorer(x), x[1] - x[0]
    return mean_loss(divergence, scores, scores, density(x) * step, density(x, 1.0) * step)


def estimate(divergence: Divergence, scorer: Scorer, nodes: int = NODES) -> float:
    """What the divergence reads from a critic, in its own units."""
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(population_loss(divergence, scorer, nodes)))


def quantiles(mean: float, count: int) -> Tensor:
    """Equally likely points of N(mean, 1), for losses that look at the whole batch: (count,)."""
    share = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return mean + math.sqrt(2) * torch.erfinv(2 * share - 1)
