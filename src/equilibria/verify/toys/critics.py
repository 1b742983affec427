"""Analytic and trained toy critics, and Gaussian quadrature."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from ...terms.divergences import Divergence
from ...terms.penalties import Duel

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


SIZES = (1, 16, 64)  # batch sizes: what holds for one sample must hold for many
IMAGE = (2, 3, 3)


class Curved(nn.Module):
    """A smooth critic of one number or many, without a last bias: the losses see every one of its weights."""

    def __init__(self, inputs: int, width: int = 8, seed: int = 0):
        super().__init__()
        self.first, self.second = nn.Linear(inputs, width), nn.Linear(width, width)
        self.last = nn.Linear(width, 1, bias=False)
        source = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in self.parameters():
                spread = max(weight[0].numel() if weight.ndim > 1 else width, 1) ** -0.5
                weight.copy_(torch.randn(weight.shape, generator=source) * spread)
        self.double()

    def features(self, *views: Tensor) -> Tensor:
        """What the last layer sees: (B, width)."""
        x = torch.cat([view.flatten(1) for view in views], dim=1).double()
        return torch.tanh(self.second(torch.tanh(self.first(x))))

    def forward(self, *views: Tensor) -> Tensor:
        """Scores: (B,)."""
        return self.last(self.features(*views)).squeeze(1)


def straight(direction: Tensor) -> Callable[[Tensor], Tensor]:
    """The critic whose slope is `direction` everywhere, (*sample)."""
    return lambda x: (x * direction).flatten(1).sum(dim=1)


def bowl(x: Tensor) -> Tensor:
    """The critic |x|^2 / 2, whose slope at x is x: (B,)."""
    return x.square().flatten(1).sum(dim=1) / 2


def evenly(slope: float, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """A slope of this size, spread over all of a sample: (*sample)."""
    ones = torch.ones(shape, dtype=torch.float64)
    return slope * ones / ones.norm()


def noise(count: int, seed: int, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """Samples: (count, *shape)."""
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def twins(critic: Callable[..., Tensor], x: Tensor) -> Duel:
    """A critic before real and fake samples that are the same: (B, *sample)."""
    return Duel(critic, (x,), (x,))


def duel(critic: Callable[..., Tensor], count: int, shape: tuple[int, ...] = IMAGE) -> Duel:
    """A critic before `count` real and `count` fake samples."""
    return Duel(critic, (noise(count, 1, shape),), (noise(count, 2, shape) + 0.5,))


class Wave(nn.Module):
    """Two hidden layers between points, (N,) or (N, D), and scores: (N,)."""

    def __init__(self, inputs: int = 1, width: int = 32):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)
        ).double()
        self.direct = nn.Linear(inputs, 1, bias=False).double()

    def forward(self, x: Tensor) -> Tensor:
        """A bend beside a straight line, so that scores go on beyond the data as they went on within."""
        x = x.unsqueeze(1) if x.ndim == 1 else x
        return (self.layers(x) + self.direct(x)).squeeze(1)


def descend(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int) -> None:
    """Down a loss that does not vary, by L-BFGS (Liu and Nocedal 1989)."""
    optimizer = torch.optim.LBFGS(
        list(weights), max_iter=steps, max_eval=2 * steps, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)


def follow(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, lr: float = 1e-2) -> None:
    """Down a loss that is drawn anew at each step, by Adam (Kingma and Ba 2015), slower and slower."""
    optimizer = torch.optim.Adam(list(weights), lr=lr, betas=(0.5, 0.99))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - step / steps))
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
