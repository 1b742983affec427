"""What generators truly minimize, and values that theory knows to the last digit."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ...terms.divergences import DIVERGENCES
from ..claims import Claim, below, equals
from ..scenes.population import density, integral, line, population_loss
from .bounds import best

_GOODFELLOW, _ARJOVSKY = "Goodfellow et al. 2014", "Arjovsky and Bottou 2017"


def claims() -> list[Claim]:
    """One for each identity."""
    pulls = {"minimax": ("2 JSD", _GOODFELLOW), "non_saturating": ("KL(Pg||Pr) - 2 JSD", _ARJOVSKY)}
    pearson = "least_squares: with b - c = 1 and b - a = 2, 2 C(G) is the integral of (p-q)^2/(p+q)"
    value = "minimax: V(D*) between N(0,1) and N(1,1) is 2 JSD - log 4"
    rest = "minimax: V(D*) is -log 4 where model equals data"
    wider = "wasserstein: between N(0,1) and N(0,4) the critic -|x| reads sqrt(2/pi)"
    return [
        equals(pearson, "Mao et al. 2017", _pearson, 0.408109, 1e-6, "least_squares"),
        equals(value, _GOODFELLOW, _value, -1.163451, 1e-6, "minimax"),
        equals(rest, _GOODFELLOW, _value_at_rest, -math.log(4), 1e-12, "minimax"),
        equals(wider, "Arjovsky et al. 2017", _wider, math.sqrt(2 / math.pi), 1e-6, "wasserstein"),
        *(
            below(f"{name}: the generator's gradient at D* is that of {meant}", source, partial(_gap, name), 1e-6, name)
            for name, (meant, source) in pulls.items()
        ),
    ]


def _pearson() -> float:
    x, divergence = line(), DIVERGENCES["least_squares"](fake_code=-1.0, real_code=1.0, generator_code=0.0)
    p, q = density(x), density(x, 1.0)
    scores = torch.tanh((0.5 - x) / 2)  # (p - q) / (p + q)
    return 2 * float(integral(divergence.generator(scores, scores) * (p + q), x))


def _value() -> float:
    scorer = best("minimax")
    assert scorer is not None
    return -float(population_loss(DIVERGENCES["minimax"](), scorer))


def _value_at_rest() -> float:
    nothing = torch.zeros(16, dtype=torch.float64)
    return -float(DIVERGENCES["minimax"]().critic(nothing, nothing).mean())


def _wider() -> float:
    """Real N(0, 1), fake N(0, 4): mass moves from x to 2x, and -|x| shows all of it."""
    x = line(20_000, -25.0, 25.0)
    divergence = DIVERGENCES["wasserstein"]()
    assert divergence.estimate is not None
    nothing, scores = torch.zeros_like(x), -x.abs()
    real, fake = divergence.critic(scores, nothing), divergence.critic(nothing, scores)
    return divergence.estimate(float(integral(real * density(x) + fake * density(x, 0.0, 2.0), x)))


def _gap(name: str) -> float:
    """At a model N(m, 1): the slope in m of the generator's loss, D* fixed, less that of what it is said to lower."""
    x, step, worst = line(4000), 1e-4, 0.0
    p = density(x)
    for m in (0.3, 1.0, 1.8):
        score = m * m / 2 - m * x  # log p / q
        loss = DIVERGENCES[name]().generator(score, score)
        left, right = (density(x, m + shift) for shift in (-step, step))
        pull = float(integral(loss * (right - left), x)) / (2 * step)
        meant = (_meant(name, p, x, m + step) - _meant(name, p, x, m - step)) / (2 * step)
        worst = max(worst, abs(pull - meant))
    return worst


def _meant(name: str, p: Tensor, x: Tensor, m: float) -> float:
    score, q = m * m / 2 - m * x, density(x, m)
    twice_jsd = float(integral(p * (math.log(2) - softplus(-score)) + q * (math.log(2) - softplus(score)), x))
    return twice_jsd if name == "minimax" else m * m / 2 - twice_jsd
