"""Mixtures of Gaussians on a line, and divergences between densities by quadrature."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..terms.divergences import DIVERGENCES, FDivergence
from .critics import grid, integral

_LARGEST = 600.0  # of a log ratio: its exponential is finite in double precision


def log_normal(x: Tensor, mean: Tensor | float, std: Tensor | float) -> Tensor:
    """log N(x; mean, std^2): the shape of x."""
    std = torch.as_tensor(std, dtype=x.dtype)
    return -(((x - mean) / std) ** 2) / 2 - std.log() - math.log(2 * math.pi) / 2


class Mixture(NamedTuple):
    """A mixture of Gaussians."""

    weights: Sequence[float]
    means: Sequence[float]
    stds: Sequence[float]

    def log_density(self, x: Tensor) -> Tensor:
        """log p: the shape of x."""
        parts = [
            math.log(w) + log_normal(x, mean, std)
            for w, mean, std in zip(self.weights, self.means, self.stds, strict=True)
            if w > 0
        ]
        return torch.logsumexp(torch.stack(parts), dim=0)

    def draw(self, count: int) -> Tensor:
        """Samples from the default generator: (count,)."""
        part = torch.multinomial(torch.tensor(self.weights), count, replacement=True)
        return torch.tensor(self.means)[part] + torch.tensor(self.stds)[part] * torch.randn(count)


def two_peaks(distance: float, weight: float = 0.5) -> Mixture:
    """Two Gaussians of variance 1 at -distance and distance, with weights `weight` on the left and the rest."""
    return Mixture((weight, 1 - weight), (-distance, distance), (1.0, 1.0))


def form(name: str, **options: object) -> FDivergence:
    """The variational form of a divergence of the catalogue."""
    facts = DIVERGENCES[name](**options).f_divergence
    assert facts is not None
    return facts


def divergence_between(f: Callable[[Tensor], Tensor], log_p: Tensor, log_q: Tensor, x: Tensor) -> Tensor:
    """D_f(p || q), the integral of q f(p / q) over the grid x (N,): ()."""
    ratio = (log_p - log_q).clamp(-_LARGEST, _LARGEST).exp()
    values = log_q.exp() * f(ratio)
    return integral(torch.where(torch.isfinite(values), values, torch.zeros_like(values)), x)


class Fit(NamedTuple):
    """A Gaussian, and its divergence from the density that it was fitted to."""

    mean: float
    std: float
    value: float


def best_gaussian(
    f: Callable[[Tensor], Tensor], p: Mixture, starts: Sequence[tuple[float, float]], x: Tensor | None = None
) -> list[Fit]:
    """The local minima of D_f(p || N(mean, std^2)) that descent finds from each start (mean, std), by quadrature."""
    x = grid(4001, -18.0, 18.0) if x is None else x
    log_p = p.log_density(x)
    fits = []
    for mean, std in starts:
        place = torch.tensor([mean, math.log(std)], dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [place], max_iter=100, tolerance_grad=1e-10, tolerance_change=1e-14, line_search_fn="strong_wolfe"
        )

        def loss(place: Tensor = place, optimizer: torch.optim.LBFGS = optimizer) -> Tensor:
            optimizer.zero_grad()
            value = divergence_between(f, log_p, log_normal(x, place[0], place[1].exp()), x)
            value.backward()
            return value

        optimizer.step(loss)
        with torch.no_grad():
            value = float(divergence_between(f, log_p, log_normal(x, place[0], place[1].exp()), x))
        fits.append(Fit(float(place[0].detach()), math.exp(float(place[1].detach())), value))
    return fits
