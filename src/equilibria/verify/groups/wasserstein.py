"""Parallel lines (Arjovsky et al. 2017, example 1): data (0, Z), model (theta, Z), Z uniform on [0, 1]."""

import math
from functools import cache, partial
from itertools import pairwise

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES, Duel
from ..claims import Claim, Measurement, above, below, equals
from ..contracts.f_divergences import theory
from ..toys.critics import TanhCritic, fit_adam, fit_lbfgs

_SOURCE, _BOTTOU = "Arjovsky et al. (2017)", "Arjovsky and Bottou (2017)"
_DISJOINT = {  # f(0) + lim f(u)/u: what D_f is where the supports do not meet
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
_THETAS = (-1.0, -0.75, -0.5, -0.25, 0.25, 0.5, 0.75, 1.0)
_WEIGHT = 10.0


def claims() -> list[Claim]:
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
        below(transport, _SOURCE, _transport_error, 1e-6),
        *(_trained_claim(name, theta) for name in ("minimax", "jensen_shannon") for theta in (0.2, 0.5)),
        above("kl: a trained critic's estimate has no limit", _SOURCE, partial(_estimate, "kl", 0.5), 10.0),
        below(vanishing, _BOTTOU, partial(_generator_gradient, "minimax"), 1e-2),
        above(remaining, _BOTTOU, partial(_generator_gradient, "non_saturating"), 1.0),
        above(linear, _SOURCE, _linearity, 0.99, *wgan_gp),
        below(exact, "closed form", _estimate_error, 0.02, *wgan_gp),
        below(sign, _SOURCE, lambda: sum(_wgan_gp(theta)[1] * theta <= 0 for theta in _THETAS), 0, *wgan_gp),
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
    return Claim(f"{name}: its value for parallel lines, by the formula", _SOURCE, expected, measure)


def _transport_error() -> float:
    """The cost of the straight plan is |theta|, and a critic with gradient norm one reads as much: so both are W."""
    errors = []
    for theta in _THETAS:
        real, fake = _points(theta)
        cost = torch.linalg.vector_norm(real - fake, dim=1).mean()
        reading = (-math.copysign(1.0, theta) * (real - fake)[:, 0]).mean()
        errors += [abs(float(cost - reading)), abs(float(cost) - abs(theta))]
    return max(errors)


def _points(theta: float, count: int = 64) -> tuple[Tensor, Tensor]:
    """Equally spaced points of both lines: (count, 2) each."""
    z = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.stack([0 * z, z], dim=1), torch.stack([0 * z + theta, z], dim=1)


def _trained_claim(name: str, theta: float) -> Claim:
    units = 2.0 if name == "jensen_shannon" else 1.0  # f-GAN's is twice the divergence
    sentence = f"{name}: a trained critic's JSD at theta = {theta}" + (", half its estimate" if units == 2 else "")
    return equals(sentence, _SOURCE, lambda: _estimate(name, theta) / units, math.log(2), 0.02)


@cache
def _trained(name: str, theta: float) -> TanhCritic:
    critic, divergence, (real, fake) = TanhCritic(2), DIVERGENCES[name](), _points(theta)
    fit, steps = (fit_adam, 150) if name == "kl" else (fit_lbfgs, 60)  # L-BFGS needs a loss with a minimum
    fit(critic.parameters(), lambda: divergence.critic(critic(real), critic(fake)).mean(), steps)
    return critic


def _estimate(name: str, theta: float) -> float:
    """Of a critic trained with the divergence."""
    divergence, critic, (real, fake) = DIVERGENCES[name](), _trained(name, theta), _points(theta)
    assert divergence.estimate is not None
    with torch.no_grad():
        return divergence.estimate(float(divergence.critic(critic(real), critic(fake)).mean()))


def _generator_gradient(name: str, theta: float = 0.5) -> float:
    """The size of d/d theta of the generator's loss, at a critic trained with minimax losses."""
    critic, shift = _trained("minimax", theta), torch.tensor(theta, dtype=torch.float64, requires_grad=True)
    real, _ = _points(theta)
    fake = real + torch.stack([shift, torch.zeros_like(shift)])
    loss = DIVERGENCES[name]().generator(critic(real), critic(fake)).mean()
    return float(torch.autograd.grad(loss, shift)[0].abs())


@cache
def _wgan_gp(theta: float) -> tuple[float, float]:
    """A trained WGAN-GP critic's estimate, and the derivative of the generator's loss by theta."""
    critic, (real, fake) = TanhCritic(2), _points(theta)
    divergence, penalty = DIVERGENCES["wasserstein"](), PENALTIES["gradient_penalty"](weight=_WEIGHT)

    def loss() -> Tensor:
        duel = Duel(critic, (real,), (fake,))
        return (penalty(duel) + divergence.critic(*duel.scores)).mean()

    fit_adam(critic.parameters(), loss, 250)
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
