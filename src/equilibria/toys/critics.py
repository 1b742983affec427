"""Analytic critics, networks to train, and quadrature of Gaussians."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from ..terms.divergences import Divergence
from ..terms.penalties import Duel

Scorer = Callable[[Tensor], Tensor]  # points (N,) to scores (N,)

NODES = 800
SIZES = (1, 16, 64)  # batch sizes: what holds for one sample must hold for many
IMAGE = (2, 3, 3)


def grid(nodes: int = NODES, start: float = -9.0, end: float = 10.0) -> Tensor:
    """Equally spaced points in double precision, none of them where the densities cross: (nodes,)."""
    return torch.linspace(start, end, nodes, dtype=torch.float64)


def density(x: Tensor, mean: float = 0.0, std: float = 1.0) -> Tensor:
    """Of a Gaussian."""
    return torch.exp(-(((x - mean) / std) ** 2) / 2) / (std * math.sqrt(2 * math.pi))


integral = torch.trapezoid  # exact to rounding for what is smooth and vanishes at the ends


def f_divergence(f: Callable[[Tensor], Tensor], nodes: int = 20_000) -> float:
    """D_f(P || Q), the integral of q f(p / q), with P = N(0, 1) and Q = N(1, 1)."""
    x = grid(nodes)
    return float(integral(density(x, 1.0) * f(torch.exp(0.5 - x)), x))


def population_loss(divergence: Divergence, scorer: Scorer, nodes: int = NODES) -> Tensor:
    """The critic's mean loss over all pairs of a real point of P = N(0, 1) and a fake one of Q = N(1, 1): ()."""
    x = grid(nodes)
    scores, step = scorer(x), x[1] - x[0]
    losses = divergence.critic(scores.repeat_interleave(nodes), scores.repeat(nodes))
    return (losses.view(nodes, nodes) * (density(x) * step)[:, None] * (density(x, 1.0) * step)).sum()


def estimate(divergence: Divergence, scorer: Scorer, nodes: int = NODES) -> float:
    """The divergence between P and Q as a critic estimates it, in the divergence's own units."""
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(population_loss(divergence, scorer, nodes)))


class Network(nn.Module):
    """A network given by a formula: `function(self, *inputs)`, where `parts` are its parameters and layers by name."""

    def __init__(self, function: Callable[..., Any], **parts: Tensor | nn.Module):
        super().__init__()
        self.function = function
        for name, part in parts.items():
            setattr(self, name, nn.Parameter(part) if isinstance(part, Tensor) else part.double())

    def forward(self, *inputs: Tensor | None) -> Any:
        """The value of the formula."""
        return self.function(self, *inputs)

    raw = forward  # a generator without an output activation


class SmoothCritic(nn.Module):
    """A smooth critic without a last bias: each of its weights matters to every loss."""

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
        """The input of the last layer: (B, width)."""
        x = torch.cat([view.flatten(1) for view in views], dim=1).double()
        return torch.tanh(self.second(torch.tanh(self.first(x))))

    def forward(self, *views: Tensor) -> Tensor:
        """Scores: (B,)."""
        return self.last(self.features(*views)).squeeze(1)


def linear_critic(gradient: Tensor) -> Callable[[Tensor], Tensor]:
    """The critic with this gradient everywhere, (*sample)."""
    return lambda x: (x * gradient).flatten(1).sum(dim=1)


def quadratic_critic(x: Tensor) -> Tensor:
    """The critic |x|^2 / 2, whose gradient at x is x: (B,)."""
    return x.square().flatten(1).sum(dim=1) / 2


def uniform_gradient(norm: float, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """A gradient of this norm, spread evenly over the numbers of a sample: (*sample)."""
    ones = torch.ones(shape, dtype=torch.float64)
    return norm * ones / ones.norm()


def noise(count: int, seed: int, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """Samples: (count, *shape)."""
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def duel(critic: Callable[..., Tensor], count: int, shape: tuple[int, ...] = IMAGE) -> Duel:
    """A critic with `count` real and `count` fake samples."""
    return Duel(critic, (noise(count, 1, shape),), (noise(count, 2, shape) + 0.5,))


class TanhCritic(nn.Module):
    """A critic to be trained, with two hidden layers; its first weights are always the same."""

    def __init__(self, inputs: int = 1, width: int = 32):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Linear(inputs, width), nn.Tanh(), nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1)
        ).double()
        self.direct = nn.Linear(inputs, 1, bias=False).double()

    def forward(self, x: Tensor) -> Tensor:
        """Points (N,) or (N, D) to scores (N,); the direct linear part continues the scores beyond the data."""
        x = x.unsqueeze(1) if x.ndim == 1 else x
        return (self.layers(x) + self.direct(x)).squeeze(1)


def fit_lbfgs(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int) -> None:
    """Minimize a deterministic loss by L-BFGS (Liu and Nocedal 1989)."""
    optimizer = torch.optim.LBFGS(
        list(weights), max_iter=steps, max_eval=2 * steps, tolerance_change=0.0, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()
        return value

    optimizer.step(closure)


def fit_adam(weights: Iterable[Tensor], loss: Callable[[], Tensor], steps: int, lr: float = 1e-2) -> None:
    """Minimize a random loss by Adam (Kingma and Ba 2015), with a learning rate that falls in the second half."""
    optimizer = torch.optim.Adam(list(weights), lr=lr, betas=(0.5, 0.99))
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = lr * min(1.0, 2 * (1 - step / steps))
        optimizer.zero_grad()
        loss().backward()
        optimizer.step()
