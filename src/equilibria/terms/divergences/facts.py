"""What theory knows of an f-divergence, the integral of q f(p / q): what a critic that estimates it is checked by."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

Function = Callable[[Tensor], Tensor]  # elementwise


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
