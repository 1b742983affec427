"""Identities of losses: generator objectives and relativistic losses."""

import math
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ...terms.divergences import DIVERGENCES
from ..claims import Claim, below, equals
from ..toys.critics import density, estimate, integral, line, population_loss
from .divergence_values import best

_GOODFELLOW, _ARJOVSKY = "Goodfellow et al. 2014", "Arjovsky and Bottou 2017"


def identity_claims() -> list[Claim]:
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


_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)
_SOURCE = "Jolicoeur-Martineau 2019"


def relativistic_claims() -> list[Claim]:
    """Exchange, differences, what the paired one measures, and the averaged one by hand."""
    names = [name for name in ("relativistic", "relativistic_average") if name in DIVERGENCES]
    exchanged = "the generator's loss is the critic's, real and fake exchanged"
    plane = "relativistic: the best estimate less JS(p x q, q x p), by quadrature in the plane"
    apart = "relativistic: on disjoint supports the estimate is log 2"
    hand = "relativistic_average: real against the mean of fake, fake against that of real, by hand"
    return [
        *(below(f"{name}: {exchanged}", _SOURCE, partial(_exchange, name), 1e-12, name) for name in names),
        *(below(f"{n}: only differences of scores count", _SOURCE, partial(_shift, n), 1e-12, n) for n in names),
        equals(plane, _SOURCE, _relativistic_gap, 0, 1e-6, "relativistic"),
        equals(apart, _SOURCE, _apart, math.log(2), 1e-9, "relativistic"),
        *(below(hand, _SOURCE, _by_hand, 1e-9, name) for name in names if name == "relativistic_average"),
    ]


def _exchange(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.generator(real, fake) - divergence.critic(fake, real)).abs().max())


def _shift(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.critic(real + 3, fake + 3) - divergence.critic(real, fake)).abs().max())


def _relativistic_gap() -> float:
    """The best critic's estimate, less the Jensen-Shannon divergence of the two orders of a pair."""
    x = line(600)
    p, q, step = density(x), density(x, 1.0), x[1] - x[0]
    one, other = p[:, None] * q, q[:, None] * p
    middle = (one + other) / 2
    divergence = float((torch.xlogy(one, one / middle) + torch.xlogy(other, other / middle)).sum() * step**2) / 2
    return estimate(DIVERGENCES["relativistic"](), lambda x: 0.5 - x, 600) - divergence


def _apart() -> float:
    relativistic = DIVERGENCES["relativistic"]()
    assert relativistic.estimate is not None
    return relativistic.estimate(float(relativistic.critic(torch.full((8,), 30.0), torch.full((8,), -30.0)).mean()))


def _by_hand() -> float:
    """Three scores a side, the formula spelled out."""
    real, fake = [0.5, 2.0, -1.0], [1.0, -3.0, 0.0]
    centers = sum(real) / 3, sum(fake) / 3
    want = [
        math.log1p(math.exp(centers[1] - r)) + math.log1p(math.exp(f - centers[0]))
        for r, f in zip(real, fake, strict=True)
    ]
    sides = (torch.tensor(side, dtype=torch.float64) for side in (real, fake))
    got = DIVERGENCES["relativistic_average"]().critic(*sides)
    return float((got - torch.tensor(want, dtype=torch.float64)).abs().max())
