"""Trained critics against theory: between two Gaussians, two points, and two parallel lines.

Parallel lines are example 1 of Arjovsky et al. (2017): data (0, Z), model (theta, Z), Z uniform on [0, 1].
"""

import math
from functools import cache, partial
from itertools import pairwise

import torch

from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...toys.critics import TanhCritic, density, estimate, fit_lbfgs, grid, integral, population_loss
from ...toys.disjoint_supports import (
    AtPoints,
    critic_between_lines,
    critic_between_points,
    parallel_lines,
    wgan_gp_critic_between_lines,
)
from ..claims import Claim, Measurement, above, below, equals
from ..contracts.f_divergences import theory
from .divergence_values import NUMBERS, optimal_scorer, source

_NODES, _STEPS, _WIDTH = 160, 120, 2.5
_JUMPS = ("hinge", "total_variation")  # the optimal critic jumps, and no smooth critic does


def gaussian_claims() -> list[Claim]:
    """The estimate and the critic, for each divergence that needs no penalty and whose value is known."""
    names = [name for name in NUMBERS if not DIVERGENCES[name]().lipschitz]
    words = "training finds the optimal critic where the densities have mass"
    return [
        *(_estimate_claim(name, NUMBERS[name]) for name in names),
        *(below(f"{n}: {words}", source(n), partial(_error, n), 0.25 if n in _JUMPS else 0.05) for n in names),
    ]


def _estimate_claim(name: str, exact: float) -> Claim:
    facts = DIVERGENCES[name]().f_divergence
    at_equality = 0.0 if facts is None else float(facts.f(torch.ones((), dtype=torch.float64)))

    def measure() -> Measurement:
        value = estimate(DIVERGENCES[name](), _between_gaussians(name))
        least = 0.97 * (exact - at_equality)
        return Measurement(f"{value:.6g}", least <= value - at_equality <= exact - at_equality + 1e-5)

    sentence = f"{name}: a trained critic's estimate between N(0,1) and N(1,1), a lower bound"
    return Claim(sentence, source(name), f"{exact:.6g} - 3 %", measure)


@cache
def _between_gaussians(name: str) -> TanhCritic:
    critic, divergence = TanhCritic(), DIVERGENCES[name]()
    fit_lbfgs(critic.parameters(), lambda: population_loss(divergence, critic, _NODES), _STEPS)
    return critic


def _error(name: str) -> float:
    """The trained critic's error, relative to the optimal one's std: root mean squares over both densities."""
    x, facts = grid(), DIVERGENCES[name]().f_divergence
    with torch.no_grad():
        outputs = _between_gaussians(name)(x), optimal_scorer(name)(x)
        trained, optimal = outputs if facts is None else map(facts.activation, outputs)
    mass = (density(x) + density(x, 1.0)) / 2 * ((x - 0.5).abs() < _WIDTH)
    mass = mass / integral(mass, x)
    if name == "relativistic":  # only differences of its scores matter
        trained = trained - integral(mass * (trained - optimal), x)
    variance = integral(mass * (optimal - integral(mass * optimal, x)) ** 2, x)
    return float((integral(mass * (trained - optimal) ** 2, x) / variance).sqrt())


_NORM, _DIFFERENCE, _SHARE = "gradient norm", "difference of scores", "penalty / difference of scores"
_FIELDS = {_NORM: "norm", _DIFFERENCE: "gap", _SHARE: "share"}


def point_claims() -> list[Claim]:
    """WGAN-GP: norm 1 + d/(2 lambda). WGAN-div (k, p): norm (d/(k p))^(1/(p-1)), penalty / difference = 1/p."""
    claims = list[Claim]()
    for weight in (1.0, 10.0):
        expected, tolerance = 1 + 1 / (2 * weight), 0.02 * (1 + 1 / (2 * weight))
        for what in (_NORM, _DIFFERENCE):
            sentence = f"gradient_penalty: {what} between two points at distance 1, at lambda = {weight:g}"
            value = partial(_at_points, "gradient_penalty", weight, 1.0, what)
            claims.append(equals(sentence, "Gulrajani et al. (2017)", value, expected, tolerance))
    for distance in (0.5, 1.0, 2.0):
        norm = (distance / 12) ** 0.2
        for what, expected, tolerance in ((_NORM, norm, 0.02 * norm), (_SHARE, 1 / 6, 0.02)):
            sentence = f"divergence_penalty: {what} between two points at distance {distance:g} (k = 2, p = 6)"
            value = partial(_at_points, "divergence_penalty", 2.0, distance, what)
            claims.append(equals(sentence, "Wu et al. (2018)", value, expected, tolerance))
    return claims


def _at_points(name: str, weight: float, distance: float, what: str) -> float:
    return float(getattr(_trained_at_points(name, weight, distance), _FIELDS[what]))


@cache
def _trained_at_points(name: str, weight: float, distance: float) -> AtPoints:
    return critic_between_points(PENALTIES[name](weight=weight), distance)


_ARJOVSKY, _BOTTOU = "Arjovsky et al. (2017)", "Arjovsky and Bottou (2017)"
_DISJOINT = {  # f(0) + lim f(u)/u: what D_f is where the supports do not meet
    "jensen_shannon": 2 * math.log(2),
    "weighted_jensen_shannon": math.log(2),
    "gan": 0.0,
    "squared_hellinger": 2.0,
    "total_variation": 1.0,
    **dict.fromkeys(("kl", "reverse_kl", "jeffreys", "pearson", "neyman"), math.inf),
}
_THETAS = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)
_WEIGHT = 10.0


def line_claims() -> list[Claim]:
    """What is known exactly, and what trained critics show of it."""
    wgan_gp = ("wasserstein", "gradient_penalty")
    transport = "W = |theta|, the cost of moving mass straight and the reading of a critic with gradient norm one"
    vanishing = "minimax: the generator's gradient for theta vanishes at a trained critic"
    remaining = "non_saturating: the generator's gradient for theta does not vanish at a trained critic"
    linear = "WGAN-GP: trained critics' estimates are linear in |theta| (R^2)"
    exact = "WGAN-GP: they are |theta| (1 + |theta|/20), relative error"
    sign = "WGAN-GP: the generator's gradient has the sign of theta (exceptions)"
    return [
        *(_disjoint_claim(name, value) for name, value in _DISJOINT.items()),
        below(transport, _ARJOVSKY, _transport_error, 1e-6),
        *(_jsd_claim(name, theta) for name in ("minimax", "jensen_shannon") for theta in (0.2, 0.5)),
        above("kl: a trained critic's estimate has no limit", _ARJOVSKY, partial(_line_estimate, "kl", 0.5), 10.0),
        below(vanishing, _BOTTOU, partial(_generator_gradient, "minimax"), 1e-2),
        above(remaining, _BOTTOU, partial(_generator_gradient, "non_saturating"), 1.0),
        above(linear, _ARJOVSKY, _linearity, 0.99, *wgan_gp),
        below(exact, "closed form", _estimate_error, 0.02, *wgan_gp),
        below(sign, _ARJOVSKY, lambda: sum(_wgan_gp(theta)[1] * theta <= 0 for theta in _THETAS), 0, *wgan_gp),
    ]


def _disjoint_claim(name: str, exact: float) -> Claim:
    def measure() -> Measurement:
        f = theory(DIVERGENCES[name]()).f
        ratios = (torch.tensor(10.0**power, dtype=torch.float64) for power in (12, 24, 48, 96))
        values = [float(f(1 / u) + f(u) / u) for u in ratios]
        if math.isinf(exact):
            rises = all(after - before > 10 for before, after in pairwise(values))
            return Measurement("rises without end" if rises else f"{values[-1]:.6g}", rises)
        return Measurement(f"{round(values[-1], 9):.6g}", abs(values[-1] - exact) < 1e-6)

    expected = "infinite" if math.isinf(exact) else f"{exact:.6g}"
    return Claim(f"{name}: its value for parallel lines, by the formula", _ARJOVSKY, expected, measure)


def _transport_error() -> float:
    """The cost of the straight plan is |theta|, and a critic with gradient norm one reads as much: so both are W."""
    errors = []
    for theta in _THETAS:
        real, fake = parallel_lines(theta)
        cost = torch.linalg.vector_norm(real - fake, dim=1).mean()
        reading = (-math.copysign(1.0, theta) * (real - fake)[:, 0]).mean()
        errors += [abs(float(cost - reading)), abs(float(cost) - abs(theta))]
    return max(errors)


def _jsd_claim(name: str, theta: float) -> Claim:
    units = 2.0 if name == "jensen_shannon" else 1.0  # f-GAN's is twice the divergence
    sentence = f"{name}: a trained critic's JSD at theta = {theta}" + (", half its estimate" if units == 2 else "")
    return equals(sentence, _ARJOVSKY, lambda: _line_estimate(name, theta) / units, math.log(2), 0.02)


@cache
def _between_lines(name: str, theta: float) -> TanhCritic:
    return critic_between_lines(name, theta)


def _line_estimate(name: str, theta: float) -> float:
    """Of a critic trained with the divergence."""
    divergence, critic, (real, fake) = DIVERGENCES[name](), _between_lines(name, theta), parallel_lines(theta)
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(divergence.critic(critic(real), critic(fake)).mean()))


def _generator_gradient(name: str, theta: float = 0.5) -> float:
    """The size of d/d theta of the generator's loss, at a critic trained with minimax losses."""
    critic, shift = _between_lines("minimax", theta), torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    real, _ = parallel_lines(theta)
    fake = real + torch.stack([shift, torch.zeros_like(shift)])
    loss = DIVERGENCES[name]().generator(critic(real), critic(fake)).mean()
    return float(torch.autograd.grad(loss, shift)[0].abs())


@cache
def _wgan_gp(theta: float) -> tuple[float, float]:
    """A trained WGAN-GP critic's estimate, and the derivative of the generator's loss by theta."""
    critic, (real, fake) = (
        wgan_gp_critic_between_lines(theta, PENALTIES["gradient_penalty"](weight=_WEIGHT)),
        parallel_lines(theta),
    )
    divergence = DIVERGENCES["wasserstein"]()
    shift = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    generator_loss = divergence.generator(critic(real), critic(fake + shift)).mean()
    (gradient,) = torch.autograd.grad(generator_loss, shift)
    with torch.no_grad():
        return -float(divergence.critic(critic(real), critic(fake)).mean()), float(gradient[0])


def _linearity() -> float:
    x, y = (torch.tensor(v, dtype=torch.float64) for v in (_THETAS, [_wgan_gp(theta)[0] for theta in _THETAS]))
    return float(torch.corrcoef(torch.stack([x.abs(), y]))[0, 1] ** 2)


def _estimate_error() -> float:
    return max(abs(_wgan_gp(t)[0] / (abs(t) * (1 + abs(t) / (2 * _WEIGHT))) - 1) for t in _THETAS)
