"""Optimal critics: of Gaussians and of point masses."""

from functools import cache, partial

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ...terms.gradients import input_gradient
from ...terms.penalties import PENALTIES, Duel, Penalty
from ..claims import Answer, Claim, below, equals
from ..toys.critics import Wave, density, descend, estimate, follow, integral, line, population_loss
from . import divergence_values

_COARSE, _STEPS, _WITHIN = 160, 120, 2.5
_SHARP = ("hinge", "total_variation")  # a jump, at which any smooth critic errs


def gaussian_claims() -> list[Claim]:
    """For each divergence that bounds a number without help: the number, and the critic that reaches it."""
    names = [name for name in DIVERGENCES if name in divergence_values.NUMBERS and name != "wasserstein"]
    return [claim(name) for name in names for claim in (_number, _critic)]


def _number(name: str) -> Claim:
    truth, nothing = divergence_values.NUMBERS[name], _where_equal(name)

    def how() -> Answer:
        got = estimate(DIVERGENCES[name](), trained(name))
        return Answer(f"{got:.6g}", 0.97 * (truth - nothing) <= got - nothing <= truth - nothing + 1e-5)

    sentence = f"{name}: a trained critic's estimate between N(0,1) and N(1,1), a lower bound"
    return Claim(sentence, divergence_values.source(name), f"{truth:.6g} - 3 %", how, (name,))


def _critic(name: str) -> Claim:
    bound = 0.25 if name in _SHARP else 0.05
    sentence = f"{name}: training finds the optimal critic where the densities have mass"
    return below(sentence, divergence_values.source(name), partial(missed, name), bound, name)


@cache
def trained(name: str) -> Wave:
    """The critic at the end of its training."""
    torch.manual_seed(0)
    critic, divergence = Wave(), DIVERGENCES[name]()
    descend(critic.parameters(), lambda: population_loss(divergence, critic, _COARSE), _STEPS)
    return critic


def missed(name: str) -> float:
    """The share of what the optimal critic says, in the root mean square over both densities, that is missed."""
    x, scorer = line(), divergence_values.best(name)
    assert scorer is not None
    with torch.no_grad():
        found, optimal = _said(name, trained(name)(x)), _said(name, scorer(x))
    mass = (density(x) + density(x, 1.0)) / 2 * ((x - 0.5).abs() < _WITHIN)
    mass = mass / integral(mass, x)
    if name == "relativistic":  # whose scores mean nothing but by their differences
        found = found - integral(mass * (found - optimal), x)
    spread = integral(mass * (optimal - integral(mass * optimal, x)) ** 2, x)
    return float((integral(mass * (found - optimal) ** 2, x) / spread).sqrt())


def _said(name: str, scores: Tensor) -> Tensor:
    facts = DIVERGENCES[name]().f_divergence
    return scores if facts is None else facts.activation(scores)


def _where_equal(name: str) -> float:
    """What the estimate is where model and data agree."""
    facts = DIVERGENCES[name]().f_divergence
    return 0.0 if facts is None else float(facts.f(torch.ones((), dtype=torch.float64)))


_GP, _DIV = "Gulrajani et al. 2017", "Wu et al. 2018"


def point_claims() -> list[Claim]:
    """WGAN-GP: slope 1 + d/(2 lambda). WGAN-div (k, p): slope (d/(k p))^(1/(p-1)), penalty / gap = 1/p."""
    found = list[Claim]()
    for weight in (1.0, 10.0):
        penalty = ("gradient_penalty", ("weight", weight))
        for what, expected in (("slope", 1 + 1 / (2 * weight)), ("gap", 1 + 1 / (2 * weight))):
            sentence = f"gradient_penalty: {what} between two points, one apart, at lambda = {weight:g}"
            how = partial(measured, what, *penalty)
            found.append(equals(sentence, _GP, how, expected, 0.02 * expected, "gradient_penalty"))
    for distance in (0.5, 1.0, 2.0):
        slope = (distance / 12) ** 0.2
        for what, expected, within in (("slope", slope, 0.02 * slope), ("share", 1 / 6, 0.02)):
            words = "slope" if what == "slope" else "penalty / gap"
            sentence = f"divergence_penalty: {words} between two points, {distance:g} apart (k = 2, p = 6)"
            how = partial(measured, what, "divergence_penalty", distance=distance)
            found.append(equals(sentence, _DIV, how, expected, within, "divergence_penalty"))
    return found


def measured(what: str, name: str, *options: tuple[str, float], distance: float = 1.0) -> float:
    """The slope, the gap, or the penalty's share in the gap."""
    return settled(name, options, distance)[what]


@cache
def settled(name: str, options: tuple[tuple[str, float], ...], distance: float) -> dict[str, float]:
    """What a network of two layers has come to."""
    torch.manual_seed(0)
    critic, penalty = Wave(1, 64), PENALTIES[name](**dict(options))
    real, fake = torch.full((32, 1), distance, dtype=torch.float64), torch.zeros(32, 1, dtype=torch.float64)

    def loss() -> Tensor:
        divergence, price = _parts(critic, penalty, real, fake)
        return divergence + price

    follow(critic.parameters(), loss, 500)
    divergence, price = _parts(critic, penalty, real, fake)
    way = torch.linspace(0, distance, 33, dtype=torch.float64)[:, None]
    slope = input_gradient(critic, (way,)).abs().mean()
    return {
        "slope": float(slope.detach()),
        "gap": -float(divergence.detach()),
        "share": -float((price / divergence).detach()),
    }


def _parts(critic: Wave, penalty: Penalty, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    duel = Duel(critic, (real,), (fake,))
    price = penalty(duel).mean()
    return DIVERGENCES["wasserstein"]().critic(*duel.scores).mean(), price
