"""Trained critics against optimal ones: between two Gaussians, and between two points."""

from functools import cache, partial

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ...terms.gradients import input_gradient
from ...terms.penalties import PENALTIES, Duel
from ..claims import Claim, Measurement, below, equals
from ..toys.critics import TanhCritic, density, estimate, fit_adam, fit_lbfgs, grid, integral, population_loss
from .divergence_values import NUMBERS, optimal_scorer, source

_NODES, _STEPS, _WIDTH = 160, 120, 2.5
_JUMPS = ("hinge", "total_variation")  # the optimal critic jumps, and no smooth critic does


def gaussian_claims() -> list[Claim]:
    """The estimate and the critic, for each divergence that needs no penalty and whose value is known."""
    names = [name for name in DIVERGENCES if name in NUMBERS and not DIVERGENCES[name]().lipschitz]
    words = "training finds the optimal critic where the densities have mass"
    return [
        claim
        for name in names
        for claim in (
            _estimate_claim(name),
            below(f"{name}: {words}", source(name), partial(_error, name), 0.25 if name in _JUMPS else 0.05),
        )
    ]


def _estimate_claim(name: str) -> Claim:
    facts = DIVERGENCES[name]().f_divergence
    exact = NUMBERS[name]
    at_equality = 0.0 if facts is None else float(facts.f(torch.ones((), dtype=torch.float64)))

    def measure() -> Measurement:
        value = estimate(DIVERGENCES[name](), _trained(name))
        least = 0.97 * (exact - at_equality)
        return Measurement(f"{value:.6g}", least <= value - at_equality <= exact - at_equality + 1e-5)

    sentence = f"{name}: a trained critic's estimate between N(0,1) and N(1,1), a lower bound"
    return Claim(sentence, source(name), f"{exact:.6g} - 3 %", measure)


@cache
def _trained(name: str) -> TanhCritic:
    critic, divergence = TanhCritic(), DIVERGENCES[name]()
    fit_lbfgs(critic.parameters(), lambda: population_loss(divergence, critic, _NODES), _STEPS)
    return critic


def _error(name: str) -> float:
    """The trained critic's error, relative to the optimal one's std: root mean squares over both densities."""
    x, facts = grid(), DIVERGENCES[name]().f_divergence
    with torch.no_grad():
        trained, optimal = (
            scores if facts is None else facts.activation(scores)
            for scores in (_trained(name)(x), optimal_scorer(name)(x))
        )
    mass = (density(x) + density(x, 1.0)) / 2 * ((x - 0.5).abs() < _WIDTH)
    mass = mass / integral(mass, x)
    if name == "relativistic":  # only differences of its scores matter
        trained = trained - integral(mass * (trained - optimal), x)
    variance = integral(mass * (optimal - integral(mass * optimal, x)) ** 2, x)
    return float((integral(mass * (trained - optimal) ** 2, x) / variance).sqrt())


def point_claims() -> list[Claim]:
    """WGAN-GP: norm 1 + d/(2 lambda). WGAN-div (k, p): norm (d/(k p))^(1/(p-1)), penalty / difference = 1/p."""
    claims = list[Claim]()
    for weight in (1.0, 10.0):
        for what, words in (("norm", "gradient norm"), ("difference", "difference of scores")):
            sentence = f"gradient_penalty: {words} between two points at distance 1, at lambda = {weight:g}"
            value, expected = partial(_at_points, what, "gradient_penalty", weight), 1 + 1 / (2 * weight)
            claims.append(equals(sentence, "Gulrajani et al. (2017)", value, expected, 0.02 * expected))
    for distance in (0.5, 1.0, 2.0):
        norm = (distance / 12) ** 0.2
        for what, words, expected, tolerance in (
            ("norm", "gradient norm", norm, 0.02 * norm),
            ("share", "penalty / difference of scores", 1 / 6, 0.02),
        ):
            sentence = f"divergence_penalty: {words} between two points at distance {distance:g} (k = 2, p = 6)"
            value = partial(_at_points, what, "divergence_penalty", 2.0, distance)
            claims.append(equals(sentence, "Wu et al. (2018)", value, expected, tolerance))
    return claims


def _at_points(what: str, penalty: str, weight: float, distance: float = 1.0) -> float:
    return _trained_at_points(penalty, weight, distance)[what]


@cache
def _trained_at_points(name: str, weight: float, distance: float) -> dict[str, float]:
    """Of a critic trained with this penalty: gradient norm, difference of scores, and the penalty's share in it."""
    critic, penalty, divergence = TanhCritic(1, 64), PENALTIES[name](weight=weight), DIVERGENCES["wasserstein"]()
    real, fake = torch.full((32, 1), distance, dtype=torch.float64), torch.zeros(32, 1, dtype=torch.float64)

    def terms() -> tuple[Tensor, Tensor]:
        duel = Duel(critic, (real,), (fake,))
        cost = penalty(duel).mean()
        return divergence.critic(*duel.scores).mean(), cost

    fit_adam(critic.parameters(), lambda: torch.stack(terms()).sum(), 500)
    loss, cost = (term.detach() for term in terms())
    points = torch.linspace(0, distance, 33, dtype=torch.float64)[:, None]
    norm = input_gradient(critic, (points,)).abs().mean()
    return {"norm": float(norm.detach()), "difference": -float(loss), "share": -float(cost / loss)}
