"""The contract of an f-divergence with its theory: conjugate, activation and optimal critic fit each other."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence, FDivergence
from ...toys.critics import estimate, f_divergence
from ..claims import Measurement
from . import Clause, broken, holds, number

Build = Callable[[], Divergence]
_RATIOS = torch.logspace(-1.5, 1.5, 120, dtype=torch.float64)  # u = p / q, never 1
_SCORES = torch.linspace(-6, 6, 121, dtype=torch.float64)
_ROUNDING = 1e-12


def theory(divergence: Divergence) -> FDivergence:
    """The divergence's f, f*, ... ; AssertionError without them."""
    assert divergence.f_divergence is not None
    return divergence.f_divergence


def _optimal_critic(build: Build) -> Measurement:
    facts = theory(build())
    u = torch.cat([_RATIOS, torch.ones(1, dtype=torch.float64)]).requires_grad_()
    (slope,) = torch.autograd.grad(facts.f(u).sum(), u)
    best = facts.optimal_output(_RATIOS)
    error, at = _worst(best, slope[:-1])
    if error > 1e-10:
        u_at, t_at, slope_at = (number(x[at]) for x in (_RATIOS, best, slope))
        return broken(error, f"wrong optimal critic: at p/q = {u_at} T* is {t_at}, and f' is {slope_at}.")
    if abs(float(slope[-1]) - facts.derivative_at_one) > _ROUNDING:
        value = number(slope[-1])
        return broken(value, f"wrong f'(1): {number(facts.derivative_at_one)} is stated, and f'(1) is {value}.")
    return holds(f"{error:.1g}")


def _conjugate(build: Build) -> Measurement:
    facts = theory(build())
    t = facts.optimal_output(_RATIOS)
    value, greatest = facts.conjugate(t), _RATIOS * t - facts.f(_RATIOS)
    error, at = _worst(value, greatest)
    if error > _ROUNDING:
        fault = f"at t = f'({number(_RATIOS[at])}) = {number(t[at])}, f* is {number(value[at])}"
        return broken(error, f"wrong conjugate: {fault}; the greatest u t - f(u) is {number(greatest[at])}.")
    t = facts.activation(_SCORES)
    excess = float((_RATIOS[:, None] * t - facts.f(_RATIOS)[:, None] - facts.conjugate(t)).max())
    if excess > 1e-9:
        return broken(excess, f"wrong conjugate: some u t - f(u) exceeds f*, by {number(excess)}.")
    return holds(f"{error:.1g}")


def _domain(build: Build) -> Measurement:
    facts = theory(build())
    low, high = facts.domain
    for limit in (6.0, 50.0):
        scores = torch.linspace(-limit, limit, 201, dtype=torch.float64)
        t = facts.activation(scores)
        if not bool((inside := (t >= low) & (t <= high)).all()):
            score, value = number(scores[~inside][0]), number(facts.activation(scores[~inside][0]))
            fault = f"score {score} becomes {value}, outside {low:.4g}...{high:.4g}"
            return broken(value, f"the activation leaves the domain of f*: {fault}.")
        if not bool((t.diff() >= 0).all()):
            return broken("falls", f"the activation falls after score {number(scores[int(t.diff().argmin())])}.")
    return holds("within")


def _losses(build: Build) -> Measurement:
    divergence = build()
    facts = theory(divergence)
    error, at = _worst(facts.activation(facts.optimal_score(_RATIOS)), facts.optimal_output(_RATIOS))
    if error > _ROUNDING:
        return broken(error, f"g(v*) is not T* at p/q = {number(_RATIOS[at])}.")
    real, fake = _SCORES, _SCORES.flip(0)
    loss, formula = divergence.critic(real, fake), facts.conjugate(facts.activation(fake)) - facts.activation(real)
    error, at = _worst(loss, formula)
    if error > 1e-9:
        fault = f"at real score {number(real[at])} and fake score {number(fake[at])} it is {number(loss[at])}"
        return broken(error, f"the critic's loss is not f*(g(fake)) - g(real): {fault}, not {number(formula[at])}.")
    return holds(f"{error:.1g}")


def _bound(build: Build) -> Measurement:
    divergence = build()
    facts = theory(divergence)
    if divergence.estimate is None:
        return holds("no estimate")
    exact = f_divergence(facts.f)
    best = lambda x: facts.optimal_score(torch.exp(0.5 - x))  # noqa: E731
    value = estimate(divergence, best)
    if abs(value - exact) > 1e-4:
        fault = f"the optimal critic's estimate is {number(value)} between N(0, 1) and N(1, 1), where the divergence is"
        return broken(value, f"the bound is not attained: {fault} {number(exact)}.")
    for other in (lambda x: best(x).clamp(-2, 2) * 0.8, lambda x: best(x).clamp(-2, 2) + 0.3 * torch.sin(x)):
        if (excess := estimate(divergence, other)) > exact + 1e-6:
            fault = f"{number(excess)} between N(0, 1) and N(1, 1), where the divergence is {number(exact)}"
            return broken(excess, f"the estimate is no lower bound: a critic's is {fault}.")
    return holds(f"{number(value)} of {number(exact)}")


def _worst(one: Tensor, other: Tensor) -> tuple[float, int]:
    """The greatest difference, relative for numbers above one, and its place."""
    error = torch.nan_to_num((one - other).abs() / (1 + other.abs()), nan=math.inf)
    return float(error.max()), int(error.argmax())


_PAPER = "Nowozin et al. (2016)"
F_DIVERGENCE_CONTRACT = (
    Clause("the optimal critic is f'(p/q), and f'(1) as stated", _PAPER, "to 1e-10", _optimal_critic),
    Clause("f* is the convex conjugate of f", _PAPER, "to 1e-12", _conjugate, (_optimal_critic,)),
    Clause("the output activation stays in the domain of f*", _PAPER, "within, rising", _domain),
    Clause("the losses are those of f* and the activation", _PAPER, "to 1e-9", _losses, (_optimal_critic, _domain)),
    Clause("the optimal critic attains the bound", _PAPER, "to 1e-4", _bound, (_conjugate, _domain, _losses)),
)
