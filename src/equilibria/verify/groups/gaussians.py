"""What a critic learns between N(0, 1) and N(1, 1): trained on their densities, judged by finer quadrature."""

from functools import cache, partial

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ..claims import Answer, Claim, below
from ..scenes.fits import Wave, descend
from ..scenes.population import density, estimate, integral, line, population_loss
from . import bounds

_COARSE, _STEPS, _WITHIN = 160, 120, 2.5
_SHARP = ("hinge", "total_variation")  # a jump, at which any smooth critic errs


def claims() -> list[Claim]:
    """For each divergence that bounds a number without help: the number, and the critic that reaches it."""
    names = [name for name in DIVERGENCES if name in bounds.NUMBERS and name != "wasserstein"]
    return [claim(name) for name in names for claim in (_number, _critic)]


def _number(name: str) -> Claim:
    truth, nothing = bounds.NUMBERS[name], _where_equal(name)

    def how() -> Answer:
        got = estimate(DIVERGENCES[name](), trained(name))
        return Answer(f"{got:.6g}", 0.97 * (truth - nothing) <= got - nothing <= truth - nothing + 1e-5)

    sentence = f"{name}: a trained critic's estimate between N(0,1) and N(1,1), a lower bound"
    return Claim(sentence, bounds.source(name), f"{truth:.6g} - 3 %", how, (name,))


def _critic(name: str) -> Claim:
    bound = 0.25 if name in _SHARP else 0.05
    sentence = f"{name}: training finds the optimal critic where the densities have mass"
    return below(sentence, bounds.source(name), partial(missed, name), bound, name)


@cache
def trained(name: str) -> Wave:
    """The critic at the end of its training."""
    torch.manual_seed(0)
    critic, divergence = Wave(), DIVERGENCES[name]()
    descend(critic.parameters(), lambda: population_loss(divergence, critic, _COARSE), _STEPS)
    return critic


def missed(name: str) -> float:
    """The share of what the optimal critic says, in the root mean square over both densities, that is missed."""
    x, scorer = line(), bounds.best(name)
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
    facts = DIVERGENCES[name]().facts
    return scores if facts is None else facts.activation(scores)


def _where_equal(name: str) -> float:
    """What the estimate is where model and data agree."""
    facts = DIVERGENCES[name]().facts
    return 0.0 if facts is None else float(facts.f(torch.ones((), dtype=torch.float64)))
