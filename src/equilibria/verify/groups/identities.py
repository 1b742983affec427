"""Where formulations meet: identities between losses, and what generators truly minimize."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ...terms.divergences import DIVERGENCES
from ..claims import Claim, below, equals
from ..scenes.population import density, integral, line, population_loss
from .bounds import best

_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)
_JM, _MAO, _ARJOVSKY = "Jolicoeur-Martineau 2019", "Mao et al. 2017", "Arjovsky and Bottou 2017"
_GOODFELLOW, _NOWOZIN = "Goodfellow et al. 2014", "Nowozin et al. 2016"


def claims() -> list[Claim]:
    """Each in one line; the longer ones below."""
    names = [name for name in ("relativistic", "relativistic_average") if name in DIVERGENCES]
    return [
        *(
            below(
                f"{n}: the generator's loss is the critic's, real and fake exchanged",
                _JM,
                partial(_exchange, n),
                1e-12,
                n,
            )
            for n in names
        ),
        *(below(f"{n}: only differences of scores count", _JM, partial(_shift, n), 1e-12, n) for n in names),
        equals(
            "relativistic: the best estimate is JS(p x q, q x p), by quadrature in the plane",
            _JM,
            _paired_gap,
            0,
            1e-6,
            "relativistic",
        ),
        equals("relativistic: on disjoint supports it is log 2", _JM, _paired_apart, math.log(2), 1e-9, "relativistic"),
        equals(
            "least_squares: with b - c = 1 and b - a = 2, 2 C(G) is the integral of (p-q)^2/(p+q)",
            _MAO,
            _pearson,
            0.408109,
            1e-6,
            "least_squares",
        ),
        equals(
            "minimax: V(D*) between N(0,1) and N(1,1) is 2 JSD - log 4",
            _GOODFELLOW,
            partial(_value, "minimax"),
            -1.163451,
            1e-6,
            "minimax",
        ),
        equals(
            "minimax: V(D*) is -log 4 where model equals data",
            _GOODFELLOW,
            _value_at_rest,
            -math.log(4),
            1e-12,
            "minimax",
        ),
        below(
            "minimax: the generator's gradient at D* is that of 2 JSD",
            _GOODFELLOW,
            partial(_pull_gap, "minimax"),
            1e-6,
            "minimax",
        ),
        below(
            "non_saturating: the generator's gradient at D* is that of KL(Pg||Pr) - 2 JSD",
            _ARJOVSKY,
            partial(_pull_gap, "non_saturating"),
            1e-6,
            "non_saturating",
        ),
        equals(
            "wasserstein: between N(0,1) and N(0,4) the critic -|x| reads sqrt(2/pi)",
            "Arjovsky et al. 2017",
            _wider,
            math.sqrt(2 / math.pi),
            1e-6,
            "wasserstein",
        ),
        below(
            "hinge: the generator's loss is Wasserstein's",
            "Lim and Ye 2017",
            partial(_same, "hinge", "wasserstein", 1.0),
            0,
            "hinge",
        ),
        *_kinship(),
    ]


def _exchange(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.generator(real, fake) - divergence.critic(fake, real)).abs().max())


def _shift(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return float((divergence.critic(real + 3, fake + 3) - divergence.critic(real, fake)).abs().max())


def _paired_gap() -> float:
    """The best critic's estimate, less the Jensen-Shannon divergence of the two orders of a pair."""
    x = line(600)
    p, q, step = density(x), density(x, 1.0), x[1] - x[0]
    one, other = p[:, None] * q, q[:, None] * p
    middle = (one + other) / 2
    divergence = float((torch.xlogy(one, one / middle) + torch.xlogy(other, other / middle)).sum() * step**2) / 2
    relativistic = DIVERGENCES["relativistic"]()
    assert relativistic.estimate is not None
    return relativistic.estimate(float(population_loss(relativistic, lambda x: 0.5 - x, 600))) - divergence


def _paired_apart() -> float:
    relativistic = DIVERGENCES["relativistic"]()
    assert relativistic.estimate is not None
    return relativistic.estimate(float(relativistic.critic(torch.full((8,), 30.0), torch.full((8,), -30.0)).mean()))


def _pearson() -> float:
    x, divergence = line(), DIVERGENCES["least_squares"](fake_code=-1.0, real_code=1.0, generator_code=0.0)
    p, q = density(x), density(x, 1.0)
    scores = torch.tanh((0.5 - x) / 2)  # (p - q) / (p + q)
    return 2 * float(integral(divergence.generator(scores, scores) * (p + q), x))


def _value(name: str) -> float:
    scorer = best(name)
    assert scorer is not None
    return -float(population_loss(DIVERGENCES[name](), scorer))


def _value_at_rest() -> float:
    nothing = torch.zeros(16, dtype=torch.float64)
    return -float(DIVERGENCES["minimax"]().critic(nothing, nothing).mean())


def _pull_gap(name: str) -> float:
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


def _wider() -> float:
    """Real N(0, 1), fake N(0, 4): mass moves from x to 2x, and -|x| shows all of it."""
    x = line(20_000, -25.0, 25.0)
    divergence = DIVERGENCES["wasserstein"]()
    assert divergence.estimate is not None
    nothing, scores = torch.zeros_like(x), -x.abs()
    real, fake = divergence.critic(scores, nothing), divergence.critic(nothing, scores)
    return divergence.estimate(float(integral(real * density(x) + fake * density(x, 0.0, 2.0), x)))


def _kinship() -> list[Claim]:
    """Members of one family under two names."""
    pairs: list[tuple[str, str, Callable[[], float], str]] = [
        ("gan", "gan: the critic's loss is minimax's", partial(_same_critic, "gan", "minimax"), _NOWOZIN),
        (
            "gan",
            "gan: its alternative for the generator is -log D",
            partial(_same, "gan", "non_saturating", 1.0, generator_loss="alternative"),
            _NOWOZIN,
        ),
        ("alpha", "alpha = -1 is half of Neyman", partial(_kin, "alpha", "neyman", 0.5, alpha=-1.0), _NOWOZIN),
        ("alpha", "alpha = 2 is half of Pearson", partial(_kin, "alpha", "pearson", 0.5, alpha=2.0), _NOWOZIN),
        (
            "alpha",
            "alpha = 0.5 is twice squared Hellinger",
            partial(_kin, "alpha", "squared_hellinger", 2.0, alpha=0.5),
            _NOWOZIN,
        ),
        (
            "weighted_jensen_shannon",
            "weighted_jensen_shannon: pi = 0.5 is half of jensen_shannon",
            partial(_kin, "weighted_jensen_shannon", "jensen_shannon", 0.5, pi=0.5),
            _NOWOZIN,
        ),
    ]
    return [below(sentence, source, how, 1e-12, name) for name, sentence, how, source in pairs if name in DIVERGENCES]


def _same(name: str, other: str, share: float, **options: Any) -> float:
    one, two = DIVERGENCES[name](**options), DIVERGENCES[other]()
    return float((one.generator(_SCORES, _SCORES) - share * two.generator(_SCORES, _SCORES)).abs().max())


def _same_critic(name: str, other: str) -> float:
    fake = _SCORES.flip(0)
    return float((DIVERGENCES[name]().critic(_SCORES, fake) - DIVERGENCES[other]().critic(_SCORES, fake)).abs().max())


def _kin(name: str, other: str, share: float, **options: Any) -> float:
    ratios = torch.logspace(-1, 1, 41, dtype=torch.float64)
    one, two = DIVERGENCES[name](**options).facts, DIVERGENCES[other]().facts
    assert one is not None
    assert two is not None
    return float(((one.f(ratios) - share * two.f(ratios)) / (1 + two.f(ratios).abs())).abs().max())
