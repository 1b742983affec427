"""Values of divergences in closed form and by quadrature, and identities of their losses."""

import math
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import softplus

from ...terms.divergences import DIVERGENCES, FDivergence
from ...toys.critics import Scorer, density, estimate, grid, integral, population_loss
from ..claims import Claim, below, below_each, equals
from ..contracts import claims_about
from ..contracts.f_divergences import F_DIVERGENCE_CONTRACT, theory

_JSD, _HELLINGER, _VARIATION = 0.1114214, 2 - 2 * math.exp(-1 / 8), math.erf(1 / math.sqrt(8))
NUMBERS = {  # between N(0,1) and N(1,1): closed forms, or quadrature to six decimals
    "minimax": _JSD,
    "non_saturating": _JSD,
    "least_squares": 0.408109 / 2,
    "hinge": _VARIATION,
    "relativistic": 0.201345,
    "wasserstein": 1.0,
    "kl": 0.5,
    "reverse_kl": 0.5,
    "pearson": math.e - 1,
    "neyman": math.e - 1,
    "squared_hellinger": _HELLINGER,
    "jeffreys": 1.0,
    "jensen_shannon": 2 * _JSD,
    "gan": -1.163451,
    "total_variation": _VARIATION,
    "alpha": 2 * _HELLINGER,
    "weighted_jensen_shannon": _JSD,
}
_GOODFELLOW, _NOWOZIN, _RELATIVISTIC = "Goodfellow et al. (2014)", "Nowozin et al. (2016)", "Jolicoeur-Martineau (2019)"
_ARJOVSKY, _BOTTOU = "Arjovsky et al. (2017)", "Arjovsky and Bottou (2017)"
_GAN_LOSSES: dict[str, tuple[str, Scorer]] = {  # those without an f: source, and the optimal critic's scores
    "minimax": (_GOODFELLOW, lambda x: 0.5 - x),
    "non_saturating": (_GOODFELLOW, lambda x: 0.5 - x),
    "least_squares": ("Mao et al. (2017)", lambda x: torch.sigmoid(0.5 - x)),
    "hinge": ("Lim and Ye (2017)", lambda x: torch.sign(0.5 - x)),
    "relativistic": (_RELATIVISTIC, lambda x: 0.5 - x),
    "wasserstein": (_ARJOVSKY, lambda x: -x),
}
_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)


def optimal_scorer(name: str) -> Scorer:
    """The optimal critic's scores between N(0, 1) and N(1, 1)."""
    if name in _GAN_LOSSES:
        return _GAN_LOSSES[name][1]
    facts = _theory(name)
    return lambda x: facts.optimal_score(torch.exp(0.5 - x))


def source(name: str) -> str:
    """The paper that introduced a divergence."""
    return _GAN_LOSSES[name][0] if name in _GAN_LOSSES else _NOWOZIN


def _theory(name: str, **options: Any) -> FDivergence:
    return theory(DIVERGENCES[name](**options))


def bound_claims() -> list[Claim]:
    """One for each divergence whose value is known."""
    words = "the optimal critic's estimate between N(0,1) and N(1,1)"
    value = lambda name: estimate(DIVERGENCES[name](), optimal_scorer(name))  # noqa: E731
    return [equals(f"{n}: {words}", source(n), partial(value, n), exact, 1e-4) for n, exact in NUMBERS.items()]


_PARAMETERS = (("alpha", "alpha", (-1.0, 0.9, 1.5, 3.0)), ("weighted_jensen_shannon", "pi", (0.1, 0.9)))


def conjugate_claims() -> list[Claim]:
    """The contract of f-divergences, for each of them, and for other values of their parameters."""
    builders = {name: build for name, build in DIVERGENCES.items() if build().f_divergence is not None}
    for name, option, values in _PARAMETERS:
        builders |= {f"{name} {value:g}": partial(DIVERGENCES[name], **{option: value}) for value in values}
    return claims_about(F_DIVERGENCE_CONTRACT, builders)


_FAMILIES = (  # at this parameter it is so many times another one
    ("alpha", "alpha", -1.0, 0.5, "neyman"),
    ("alpha", "alpha", 2.0, 0.5, "pearson"),
    ("alpha", "alpha", 0.5, 2.0, "squared_hellinger"),
    ("weighted_jensen_shannon", "pi", 0.5, 0.5, "jensen_shannon"),
)
_GENERATORS = {"exact": "lowers the bound: -f*(g(v))", "alternative": "raises T on its samples: -g(v)"}


def family_claims() -> list[Claim]:
    """Members of families, zero-sum games, and both generator losses where there is a choice."""
    names = [entry.name for entry in DIVERGENCES.describe() if "generator_loss" in entry.options]
    member = "{}: at {} = {:g} it is {:g} times {}"
    zero_sum = "a zero-sum game, up to what real scores add"
    hinge, gan = "hinge: the generator's loss is Wasserstein's", "gan: the critic's loss is minimax's"
    return [
        *(below(member.format(*family), _NOWOZIN, partial(_member_error, *family), 1e-12) for family in _FAMILIES),
        *(
            below(f"{name}: the {loss} generator {formula}", _NOWOZIN, partial(_generator_error, name, loss), 1e-9)
            for name in names
            for loss, formula in _GENERATORS.items()
        ),
        *below_each(("minimax", "wasserstein", *names), zero_sum, _NOWOZIN, _sum_change, 1e-9),
        below(hinge, "Lim and Ye (2017)", partial(_loss_error, "generator", "hinge", "wasserstein"), 0),
        below(gan, _NOWOZIN, partial(_loss_error, "critic", "gan", "minimax"), 1e-12),
    ]


def _member_error(name: str, option: str, value: float, factor: float, other: str) -> float:
    ratios = torch.logspace(-1, 1, 41, dtype=torch.float64)
    one, two = _theory(name, **{option: value}).f(ratios), _theory(other).f(ratios)
    return float(((one - factor * two) / (1 + two.abs())).abs().max())


def _generator_error(name: str, loss: str) -> float:
    facts = _theory(name)
    t = facts.activation(_SCORES)
    formula = -facts.conjugate(t) if loss == "exact" else -t
    value = DIVERGENCES[name](generator_loss=loss).generator(_SCORES, _SCORES)
    return float(((value - formula) / (1 + formula.abs())).abs().max())


def _sum_change(name: str) -> float:
    """By how much the sum of the two losses changes with the fake scores."""
    divergence, real = DIVERGENCES[name](), torch.zeros_like(_SCORES)
    total = divergence.critic(real, _SCORES) + divergence.generator(real, _SCORES)
    return _error(total, total[0])


def _loss_error(side: str, one: str, other: str) -> float:
    return _error(*(getattr(DIVERGENCES[name](), side)(_SCORES, _SCORES.flip(0)) for name in (one, other)))


def _error(one: Tensor, other: Tensor) -> float:
    return float((one - other).abs().max())


def identity_claims() -> list[Claim]:
    """What losses are at the optimal critic."""
    pearson = "least_squares: with b - c = 1 and b - a = 2, 2 C(G) is the integral of (p-q)^2/(p+q)"
    value = "minimax: V(D*) between N(0,1) and N(1,1) is 2 JSD - log 4"
    equal = "minimax: V(D*) is -log 4 where model equals data"
    wider = "wasserstein: between N(0,1) and N(0,4) the critic -|x| gives sqrt(2/pi)"
    gradient = "the generator's gradient at D* is that of"
    return [
        equals(pearson, "Mao et al. (2017)", _pearson, 0.408109, 1e-6),
        equals(value, _GOODFELLOW, _minimax_value, -1.163451, 1e-6),
        equals(equal, _GOODFELLOW, _minimax_value_at_equality, -math.log(4), 1e-12),
        equals(wider, _ARJOVSKY, _wider, math.sqrt(2 / math.pi), 1e-6),
        *below_each(["minimax"], f"{gradient} 2 JSD", _GOODFELLOW, _gradient_error, 1e-6),
        *below_each(["non_saturating"], f"{gradient} KL(Pg||Pr) - 2 JSD", _BOTTOU, _gradient_error, 1e-6),
    ]


def _pearson() -> float:
    x, divergence = grid(), DIVERGENCES["least_squares"](fake_code=-1.0, real_code=1.0, generator_code=0.0)
    p, q = density(x), density(x, 1.0)
    scores = torch.tanh((0.5 - x) / 2)  # (p - q) / (p + q)
    return 2 * float(integral(divergence.generator(scores, scores) * (p + q), x))


def _minimax_value() -> float:
    return -float(population_loss(DIVERGENCES["minimax"](), optimal_scorer("minimax")))


def _minimax_value_at_equality() -> float:
    zeros = torch.zeros(16, dtype=torch.float64)
    return -float(DIVERGENCES["minimax"]().critic(zeros, zeros).mean())


def _wider() -> float:
    """Real N(0, 1), fake N(0, 4): mass moves from x to 2x, and the critic -|x| measures all of it."""
    x = grid(20_000, -25.0, 25.0)
    divergence = DIVERGENCES["wasserstein"]()
    assert divergence.estimate is not None
    zeros, scores = torch.zeros_like(x), -x.abs()
    real, fake = divergence.critic(scores, zeros), divergence.critic(zeros, scores)
    return divergence.estimate(float(integral(real * density(x) + fake * density(x, 0.0, 2.0), x)))


def _gradient_error(name: str) -> float:
    """At a model N(m, 1): the derivative by m of the generator's loss, D* fixed, minus that of its objective."""
    x, step, worst = grid(4000), 1e-4, 0.0
    p = density(x)
    for m in (0.3, 1.0, 1.8):
        score = m * m / 2 - m * x  # log p / q
        loss = DIVERGENCES[name]().generator(score, score)
        before, after = (density(x, m + shift) for shift in (-step, step))
        derivative = float(integral(loss * (after - before), x)) / (2 * step)
        expected = (_objective(name, p, x, m + step) - _objective(name, p, x, m - step)) / (2 * step)
        worst = max(worst, abs(derivative - expected))
    return worst


def _objective(name: str, p: Tensor, x: Tensor, m: float) -> float:
    score, q = m * m / 2 - m * x, density(x, m)
    twice_jsd = float(integral(p * (math.log(2) - softplus(-score)) + q * (math.log(2) - softplus(score)), x))
    return twice_jsd if name == "minimax" else m * m / 2 - twice_jsd


def relativistic_claims() -> list[Claim]:
    """The paired loss and the averaged one."""
    names = ("relativistic", "relativistic_average")
    swapped = "the generator's loss is the critic's with real and fake swapped"
    plane = "relativistic: the optimal critic's estimate minus JS(p x q, q x p), by quadrature in the plane"
    disjoint = "relativistic: on disjoint supports the estimate is log 2"
    formula = "relativistic_average: real scores against the mean fake score, and fake against the mean real, by hand"
    return [
        *below_each(names, swapped, _RELATIVISTIC, _swap_error, 1e-12),
        *below_each(names, "only differences of scores matter", _RELATIVISTIC, _shift_error, 1e-12),
        equals(plane, _RELATIVISTIC, _plane_error, 0, 1e-6),
        equals(disjoint, _RELATIVISTIC, _disjoint, math.log(2), 1e-9),
        below(formula, _RELATIVISTIC, _formula_error, 1e-9),
    ]


def _swap_error(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return _error(divergence.generator(real, fake), divergence.critic(fake, real))


def _shift_error(name: str) -> float:
    divergence, real, fake = DIVERGENCES[name](), _SCORES, _SCORES.flip(0) * 0.7
    return _error(divergence.critic(real + 3, fake + 3), divergence.critic(real, fake))


def _plane_error() -> float:
    """The optimal critic's estimate, minus the Jensen-Shannon divergence of the two orders of a pair."""
    x = grid(600)
    p, q, step = density(x), density(x, 1.0), x[1] - x[0]
    one, other = p[:, None] * q, q[:, None] * p
    middle = (one + other) / 2
    divergence = float((torch.xlogy(one, one / middle) + torch.xlogy(other, other / middle)).sum() * step**2) / 2
    return estimate(DIVERGENCES["relativistic"](), optimal_scorer("relativistic"), 600) - divergence


def _disjoint() -> float:
    relativistic = DIVERGENCES["relativistic"]()
    assert relativistic.estimate is not None
    return relativistic.estimate(float(relativistic.critic(torch.full((8,), 30.0), torch.full((8,), -30.0)).mean()))


def _formula_error() -> float:
    """Three scores a side, the formula spelled out."""
    real, fake = [0.5, 2.0, -1.0], [1.0, -3.0, 0.0]
    mean_real, mean_fake = sum(real) / 3, sum(fake) / 3
    pairs = [(mean_fake - r, f - mean_real) for r, f in zip(real, fake, strict=True)]
    formula = [sum(math.log1p(math.exp(difference)) for difference in pair) for pair in pairs]
    losses = DIVERGENCES["relativistic_average"]().critic(*torch.tensor([real, fake], dtype=torch.float64))
    return _error(losses, torch.tensor(formula, dtype=torch.float64))
