"""Parallel lines (Arjovsky et al. 2017, example 1): data (0, Z), model (theta, Z), Z uniform on [0, 1]."""

import math
from functools import cache, partial
from itertools import pairwise

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES, Duel
from ..claims import Answer, Claim, above, below, equals
from ..toys.critics import Wave, descend, follow

_SOURCE = "Arjovsky et al. 2017"
_APART = {  # f(0) + lim f(u)/u: what D_f is where the supports do not meet
    "jensen_shannon": 2 * math.log(2),
    "weighted_jensen_shannon": math.log(2),
    "gan": 0.0,
    "squared_hellinger": 2.0,
    "total_variation": 1.0,
    "kl": math.inf,
    "reverse_kl": math.inf,
    "jeffreys": math.inf,
    "pearson": math.inf,
    "neyman": math.inf,
}
_SHIFTS = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)
_WEIGHT = 10.0


def claims() -> list[Claim]:
    """What is known exactly, and what critics learn of it."""
    return [
        *(_exact(name) for name in _APART if name in DIVERGENCES),
        below("W = |theta|: moving mass straight costs what a slope of one shows", _SOURCE, _transport_gap, 1e-6),
        *(_trained(name, theta) for name in ("minimax", "jensen_shannon") for theta in (0.2, 0.5)),
        above("kl: a trained critic's estimate knows no limit", _SOURCE, lambda: reading("kl", 0.5), 10.0, "kl"),
        below(
            "the Jensen-Shannon critic's gradient for theta vanishes",
            "Arjovsky and Bottou 2017",
            partial(pull, "minimax"),
            1e-2,
            "minimax",
        ),
        above(
            "with -log D the gradient for theta does not vanish",
            "Arjovsky and Bottou 2017",
            partial(pull, "non_saturating"),
            1.0,
            "non_saturating",
        ),
        *_slopes(),
    ]


def _exact(name: str) -> Claim:
    facts = DIVERGENCES[name]().f_divergence
    assert facts is not None

    def how() -> Answer:
        ends = (torch.tensor(10.0**power, dtype=torch.float64) for power in (12, 24, 48, 96))
        values = [float(facts.f(1 / u) + facts.f(u) / u) for u in ends]
        if math.isinf(_APART[name]):
            rises = all(after - before > 10 for before, after in pairwise(values))
            return Answer("rises without end" if rises else f"{values[-1]:.6g}", rises)
        return Answer(f"{round(values[-1], 9):.6g}", abs(values[-1] - _APART[name]) < 1e-6)

    expected = "infinite" if math.isinf(_APART[name]) else f"{_APART[name]:.6g}"
    return Claim(f"{name}: parallel lines, by exact formula", _SOURCE, expected, how, (name,))


def _transport_gap() -> float:
    """Between the price of the straight plan and what the critic of slope one reads: nothing, so both are W."""
    gaps = []
    for theta in _SHIFTS:
        real, fake = sides(theta)
        plan = torch.linalg.vector_norm(real - fake, dim=1).mean()
        shown = (-math.copysign(1.0, theta) * (real - fake)[:, 0]).mean()
        gaps += [abs(float(plan - shown)), abs(float(plan) - abs(theta))]
    return max(gaps)


def sides(theta: float, count: int = 64) -> tuple[Tensor, Tensor]:
    """Equally spaced points of both lines: (count, 2) each."""
    z = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.stack([0 * z, z], dim=1), torch.stack([0 * z + theta, z], dim=1)


@cache
def judge(name: str, theta: float) -> Wave:
    """A critic trained to tell the lines apart."""
    torch.manual_seed(0)
    critic, divergence, (real, fake) = Wave(2), DIVERGENCES[name](), sides(theta)
    train, steps = (follow, 150) if name == "kl" else (descend, 60)  # a loss without end is followed, not chased
    train(critic.parameters(), lambda: divergence.critic(critic(real), critic(fake)).mean(), steps)
    return critic


def reading(name: str, theta: float) -> float:
    """What the trained critic's loss says."""
    divergence, critic, (real, fake) = DIVERGENCES[name](), judge(name, theta), sides(theta)
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(divergence.critic(critic(real), critic(fake)).mean()))


def _trained(name: str, theta: float) -> Claim:
    units = 2.0 if name == "jensen_shannon" else 1.0  # f-GAN's is twice the divergence
    sentence = f"{name}: a trained critic's JSD at theta = {theta}" + (", half its estimate" if units == 2 else "")
    return equals(sentence, _SOURCE, lambda: reading(name, theta) / units, math.log(2), 0.02, name)


def pull(name: str, theta: float = 0.5) -> float:
    """The size of d/d theta of the generator's loss, before a critic trained with log losses."""
    critic, shift = judge("minimax", theta), torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    real, _ = sides(theta)
    fake = real + torch.stack([shift, torch.zeros_like(shift)])
    loss = DIVERGENCES[name]().generator(critic(real), critic(fake)).mean()
    return float(torch.autograd.grad(loss, shift)[0].abs())


@cache
def steep(theta: float) -> tuple[float, float]:
    """A WGAN-GP critic's estimate, and what the generator's loss gains by a larger theta."""
    torch.manual_seed(0)
    critic, (real, fake) = Wave(2), sides(theta)
    divergence, penalty = DIVERGENCES["wasserstein"](), PENALTIES["gradient_penalty"](weight=_WEIGHT)

    def loss() -> Tensor:
        duel = Duel(critic, (real,), (fake,))
        return (penalty(duel) + divergence.critic(*duel.scores)).mean()

    follow(critic.parameters(), loss, 250)
    shift = torch.zeros(2, dtype=torch.float64, requires_grad=True)
    towards = divergence.generator(critic(real), critic(fake + shift)).mean()
    (slope,) = torch.autograd.grad(towards, shift)
    with torch.no_grad():
        return -float(divergence.critic(critic(real), critic(fake)).mean()), float(slope[0])


def _slopes() -> list[Claim]:
    """WGAN-GP: linear in |theta|, and the generator is always led back."""
    about = ("wasserstein", "gradient_penalty")

    def fit() -> float:
        x, y = (torch.tensor(v, dtype=torch.float64) for v in (_SHIFTS, [steep(t)[0] for t in _SHIFTS]))
        return float(torch.corrcoef(torch.stack([x.abs(), y]))[0, 1] ** 2)

    def worst() -> float:
        return max(abs(steep(t)[0] / (abs(t) * (1 + abs(t) / (2 * _WEIGHT))) - 1) for t in _SHIFTS)

    def wrong() -> float:
        return sum(steep(t)[1] * t <= 0 for t in _SHIFTS)

    return [
        above("WGAN-GP: trained critics' estimates are linear in |theta| (R^2)", _SOURCE, fit, 0.99, *about),
        below("WGAN-GP: they are |theta| (1 + |theta|/20), relative error", "closed form", worst, 0.02, *about),
        below("WGAN-GP: the generator's gradient has the sign of theta (exceptions)", _SOURCE, wrong, 0, *about),
    ]
