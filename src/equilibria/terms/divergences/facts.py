"""What theory knows of an f-divergence, the integral of q f(p / q): what a critic that estimates it is checked by."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # elementwise

_FAR = 80.0  # the greatest logarithm of a ratio: beyond it every sample is accepted, or none
_HALVINGS = 60


@dataclass(frozen=True)
class Facts:
    """The divergence and its variational form (Nowozin et al. 2016): u = p / q, a score v, and T = g_f(v)."""

    f: Function  # f(u), convex, for u > 0
    activation: Function  # g_f(v): from all scores into the domain of f*, rising
    conjugate: Function  # f*(t) = the greatest u t - f(u)
    domain: tuple[float, float]  # of f*, between these
    slope_at_one: float  # f'(1)
    best: Function  # T*(u) = f'(u), what the best critic says
    score: Function  # v*(u), the score that it says it with: g_f(v*) = T*
    price: Function  # f*(g_f(v)) in one expression: finite where the two in turn would overflow or cancel

    @property
    def score_at_one(self) -> float:
        """The score where data and samples are alike; 0 where it jumps."""
        score = float(self.score(torch.ones(1, dtype=torch.float64)))
        return score if math.isfinite(score) else 0.0

    @property
    def signed(self) -> bool:
        """Whether the score 0 parts where data are likelier from where samples are."""
        return abs(float(self.activation(torch.zeros((), dtype=torch.float64))) - self.slope_at_one) < 1e-9

    def log_ratio(self, v: Tensor) -> Tensor:
        """log u of the ratio u whose best score is v, by bisection: (B,) to (B,) in double precision."""
        v = v.double()
        low, high = torch.full_like(v, -_FAR), torch.full_like(v, _FAR)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = self.score(middle.exp()) < v
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2
