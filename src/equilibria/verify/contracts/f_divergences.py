"""What a divergence that carries its theory keeps: conjugate, activation and optimum fit each other."""

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence
from ..claims import Answer
from ..toys.critics import estimate, f_divergence
from .base import Promise, no, number, yes

Maker = Callable[[], Divergence]
_RATIOS = torch.logspace(-1.5, 1.5, 120, dtype=torch.float64)  # u = p / q, never 1
_SCORES = torch.linspace(-6, 6, 121, dtype=torch.float64)
_TINY = 1e-12


def error(one: Tensor, other: Tensor) -> tuple[float, int]:
    """The greatest difference, in units of the numbers where they exceed one, and its place."""
    apart = torch.nan_to_num((one - other).abs() / (1 + other.abs()), nan=math.inf)
    return float(apart.max()), int(apart.argmax())


def compared(one: Tensor, other: Tensor, tolerance: float, wrong: Callable[[int], str]) -> Answer:
    """Equal up to the tolerance; otherwise what is wrong, said of the place where they differ most."""
    worst, at = error(one, other)
    return yes(f"{worst:.1g}") if worst <= tolerance else no(number(worst), wrong(at))


def conjugate(make: Maker) -> Answer:
    """f*(t) is the greatest u t - f(u): reached at t = f'(u), and nowhere exceeded."""
    facts = make().f_divergence
    assert facts is not None
    t = facts.optimal_output(_RATIOS)
    worst, at = error(facts.conjugate(t), _RATIOS * t - facts.f(_RATIOS))
    if worst > _TINY:
        u, got, want = _RATIOS[at], facts.conjugate(t)[at], (_RATIOS * t - facts.f(_RATIOS))[at]
        return no(
            number(worst),
            f"wrong conjugate: at t = f'({number(u)}) = {number(t[at])}, f* is {number(got)}; the greatest u t - f(u) "
            f"is {number(want)}.",
        )
    t = facts.activation(_SCORES)
    surplus = _RATIOS[:, None] * t - facts.f(_RATIOS)[:, None] - facts.conjugate(t)
    if (over := float(surplus.max())) > 1e-9:
        return no(number(over), f"wrong conjugate: f* is exceeded by some u t - f(u), by {number(over)}.")
    return yes(f"{worst:.1g}")


def domain(make: Maker) -> Answer:
    """The activation rises, and takes every score into the domain of f*."""
    facts = make().f_divergence
    assert facts is not None
    low, high = facts.domain
    for reach in (6.0, 50.0):
        scores = torch.linspace(-reach, reach, 201, dtype=torch.float64)
        t = facts.activation(scores)
        if not bool(((t >= low) & (t <= high)).all()):
            out = scores[~((t >= low) & (t <= high))][0]
            value = facts.activation(out)
            return no(
                number(value),
                f"the activation leaves the domain of f*: score {number(out)} becomes {number(value)}, outside "
                f"{low:.4g}...{high:.4g}.",
            )
        if not bool((t.diff() >= 0).all()):
            return no("falls", f"the activation falls after score {number(scores[int(t.diff().argmin())])}.")
    return yes("within")


def slopes(make: Maker) -> Answer:
    """T* is f', and f'(1) is as stated."""
    facts = make().f_divergence
    assert facts is not None
    u = torch.cat([_RATIOS, torch.ones(1, dtype=torch.float64)]).requires_grad_()
    (found,) = torch.autograd.grad(facts.f(u).sum(), u)
    worst, at = error(facts.optimal_output(_RATIOS), found[:-1])
    if worst > 1e-10:
        said = facts.optimal_output(_RATIOS)[at]
        return no(
            number(worst),
            f"wrong optimal critic: at p/q = {number(_RATIOS[at])} T* is {number(said)}, and f' {number(found[at])}.",
        )
    if abs(float(found[-1]) - facts.derivative_at_one) > _TINY:
        return no(
            number(found[-1]),
            f"wrong f'(1): {number(facts.derivative_at_one)} is stated, and f'(1) is {number(found[-1])}.",
        )
    return yes(f"{worst:.1g}")


def scores(make: Maker) -> Answer:
    """The losses are f*(g(fake)) - g(real), and the score v* says T*."""
    divergence = make()
    facts = divergence.f_divergence
    assert facts is not None
    said = facts.activation(facts.optimal_score(_RATIOS))
    at_best = compared(
        said, facts.optimal_output(_RATIOS), _TINY, lambda at: f"g(v*) is not T* at p/q = {number(_RATIOS[at])}."
    )
    if not at_best.passed:
        return at_best
    real, fake = _SCORES, _SCORES.flip(0)
    loss, formula = divergence.critic(real, fake), facts.conjugate(facts.activation(fake)) - facts.activation(real)

    def wrong(at: int) -> str:
        return (
            f"the critic's loss is not f*(g(fake)) - g(real): at real score {number(real[at])} and fake score "
            f"{number(fake[at])} it is {number(loss[at])}, and the formula gives {number(formula[at])}."
        )

    return compared(loss, formula, 1e-9, wrong)


def attained(make: Maker) -> Answer:
    """Between N(0, 1) and N(1, 1) the best critic's estimate is the divergence, and others read less."""
    divergence = make()
    facts = divergence.f_divergence
    if facts is None or divergence.estimate is None:
        return yes("no estimate")
    truth = f_divergence(facts.f)
    best = lambda x: facts.optimal_score(torch.exp(0.5 - x))  # noqa: E731
    reads = estimate(divergence, best)
    if abs(reads - truth) > 1e-4:
        return no(
            number(reads),
            f"the bound is not attained: between N(0, 1) and N(1, 1) the best critic reads {number(reads)}, and the "
            f"divergence is {number(truth)}.",
        )
    for other in (lambda x: best(x).clamp(-2, 2) * 0.8, lambda x: best(x).clamp(-2, 2) + 0.3 * torch.sin(x)):
        if (over := estimate(divergence, other)) > truth + 1e-6:
            return no(
                number(over),
                f"the estimate is no lower bound: a critic reads {number(over)} between N(0, 1) and N(1, 1), where the "
                f"divergence is {number(truth)}.",
            )
    return yes(f"{number(reads)} of {number(truth)}")


_PAPER = "Nowozin et al. 2016"
_SLOPE = "the optimal critic is f'(p/q), and f'(1) as stated"
_CONJUGATE = "f* is the convex conjugate of f"
_DOMAIN = "the output activation stays in the domain of f*"
_LOSSES = "the losses are those of f* and the activation"
FACTS_PROMISES = (
    Promise(_SLOPE, _PAPER, "to 1e-10", slopes),
    Promise(_CONJUGATE, _PAPER, "to 1e-12", conjugate, (_SLOPE,)),
    Promise(_DOMAIN, _PAPER, "within, rising", domain),
    Promise(_LOSSES, _PAPER, "to 1e-9", scores, (_SLOPE, _DOMAIN)),
    Promise(
        "the bound is attained at the optimal critic, by quadrature",
        _PAPER,
        "to 1e-4",
        attained,
        (_CONJUGATE, _DOMAIN, _LOSSES),
    ),
)
