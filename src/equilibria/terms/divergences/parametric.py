"""Families of f-divergences, one for each value of a parameter."""

import math

import torch
from torch import Tensor, expm1, log, log1p
from torch.nn.functional import logsigmoid
from torch.special import xlogy

from ...core.errors import Refusal
from .base import Divergence
from .facts import Facts, Function
from .variational import EVERYWHERE, EXACT, variational


def alpha(alpha: float = 0.5, generator_loss: str = EXACT) -> Divergence:
    """Alpha-divergences, f = (u^a - 1 - a(u-1)) / (a(a-1)): near 0 reverse KL, near 1 KL (Nowozin et al. 2016).

    `alpha` is any number but 0 and 1: -1 is half of Neyman, 0.5 twice squared Hellinger, 2 half of Pearson. Above 1
    T is the score, as in the paper; below, T = (1 - e^(-kv)) / (1 - a), since f* of the paper's overflows near 1.
    """
    if alpha in (0.0, 1.0) or not math.isfinite(alpha):
        others = {0.0: ": take the divergence reverse_kl, its limit", 1.0: ": take the divergence kl, its limit"}
        raise Refusal(f"alpha has alpha = {alpha:g}{others.get(alpha, ': a finite number is needed')}.")
    activation, score, price = _linear(alpha) if alpha > 1 else _exponential(alpha)
    facts = Facts(
        f=lambda u: (u**alpha - 1 - alpha * (u - 1)) / (alpha * (alpha - 1)),
        conjugate=lambda t: _conjugate(alpha, t),
        domain=EVERYWHERE if alpha > 1 else (-math.inf, 1 / (1 - alpha)),
        slope_at_one=0.0,
        best=lambda u: expm1((alpha - 1) * log(u)) / (alpha - 1),
        activation=activation,
        score=score,
        price=price,
    )
    return variational(facts, generator_loss, f"alpha-divergence of alpha = {alpha:g}")


def weighted_jensen_shannon(pi: float = 0.5, generator_loss: str = EXACT) -> Divergence:
    """Jensen-Shannon with shares pi of data and 1 - pi of model in the mixture m (Nowozin et al. 2016).

    pi KL(p || m) + (1 - pi) KL(q || m), where `pi` is the share of the data, between 0 and 1: half of jensen_shannon at
    0.5. The score is the logit of "real" under these shares: T = pi (log sigmoid(v) - log pi), with pi inside, too.
    """
    if not 0 < pi < 1:
        raise Refusal(f"weighted_jensen_shannon has pi = {pi:g}: a share between 0 and 1 is needed.")
    entropy = -pi * math.log(pi) - (1 - pi) * math.log(1 - pi)

    def mixture(u: Tensor) -> Tensor:
        return 1 - pi + pi * u

    facts = Facts(
        f=lambda u: pi * xlogy(u, u) - xlogy(mixture(u), mixture(u)),
        activation=lambda v: -pi * math.log(pi) + pi * logsigmoid(v),
        conjugate=lambda t: -(1 - pi) * log1p(-pi / (1 - pi) * expm1(t / pi)),
        domain=(-math.inf, -pi * math.log(pi)),
        slope_at_one=0.0,
        best=lambda u: pi * (log(u) - log(mixture(u))),
        score=lambda u: log(u) + math.log(pi / (1 - pi)),
        price=lambda v: (1 - pi) * (math.log(1 - pi) - logsigmoid(-v)),
    )
    measures = f"Jensen-Shannon divergence with shares {pi:g} and {1 - pi:g}, in nats, at most {entropy:.4g}"
    return variational(facts, generator_loss, measures, supremum=entropy)


def _linear(alpha: float) -> tuple[Function, Function, Function]:
    """Activation, best score and price where every number is in the domain."""
    return (lambda v: v, lambda u: expm1((alpha - 1) * log(u)) / (alpha - 1), lambda v: _conjugate(alpha, v))


def _exponential(alpha: float) -> tuple[Function, Function, Function]:
    """The same below 1. The score is k log u, with the k that lets neither exponent exceed the score."""
    scale = max(alpha, 1 - alpha)
    return (
        lambda v: -expm1((alpha - 1) / scale * v) / (1 - alpha),
        lambda u: scale * log(u),
        lambda v: expm1(alpha / scale * v) / alpha,
    )


def _conjugate(alpha: float, t: Tensor) -> Tensor:
    """((1 + (a-1) t)_+ ^ (a/(a-1)) - 1) / a, with gradients that are finite where nothing is left of the base."""
    inside = (alpha - 1) * t > -1
    base = torch.where(inside, (alpha - 1) * t, 0.0)
    return torch.where(inside, expm1(alpha / (alpha - 1) * log1p(base)) / alpha, -1 / alpha)
