"""Dynamics of games of two numbers: the Dirac-GAN (Mescheder et al. 2018), the bilinear game, and update rules."""

import math
from collections.abc import Callable
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES, Divergence
from ...terms.penalties import PENALTIES
from ...toys.dirac import RATE, START, Optimization, dirac_game, end_point, gradient_descent
from ...training.optimizers import optimistic
from ...training.update_rules import RULES, Rule
from ..claims import Claim, Measurement, below, equals

_MESCHEDER = "Mescheder et al. (2018)"
_ORDERS = ("simultaneous", "alternating")
_ENDS: tuple[tuple[str, tuple[str, str, float], dict[str, float], tuple[float, float]], ...] = (
    # in words; divergence, penalty and its weight; options of the game; |(theta, psi)| at the end in both orders
    ("GAN circles", ("minimax", "", 0.0), {}, (3.10, 1.413)),
    ("clipping does not stop WGAN", ("wasserstein", "", 0.0), {"clip": 1.0}, (1.00, 0.985)),
    ("gradient norm one does not stop WGAN-GP", ("wasserstein", "gradient_penalty", 0.35), {}, (1.80, 1.280)),
    ("R1 of weight 0.3 contracts", ("minimax", "r1", 0.3), {}, (2.6e-6, 2.383e-7)),
    ("R1 of weight 1 contracts", ("minimax", "r1", 1.0), {}, (9.5e-22, 8.489e-17)),
)
_CONTRACTING: tuple[tuple[str, tuple[str, str, float], dict[str, float], float, str], ...] = (
    ("noise on both sides", ("minimax", "", 0.0), {"batch": 256, "noise": 0.7}, 0.1, "minimax"),
    ("r2", ("minimax", "r2", 1.0), {}, 1e-3, "r2"),
    ("zero_centered", ("minimax", "zero_centered", 1.0), {}, 1e-3, "zero_centered"),
)


def dirac_claims() -> list[Claim]:
    """|(theta, psi)| at the end, the rate at which R1 contracts, and instance noise."""
    claims = list[Claim]()
    for place, order in enumerate(_ORDERS):
        for words, method, options, ends in _ENDS:
            sentence, about = f"Dirac-GAN: {words} ({order})", tuple(filter(None, (*method[:2], order)))
            value, end = partial(_end, order, *method, **options), ends[place]
            if end > 1e-3:
                claims.append(equals(sentence, _MESCHEDER, value, end, 0.01 * end, *about))
            else:
                log10, end = partial(_log10, value), round(math.log10(end), 3)
                claims.append(equals(f"{sentence}, log10", _MESCHEDER, log10, end, 0.05, *about))
        for words, method, options, bound, entry in _CONTRACTING:
            value = partial(_end, order, *method, **options)
            claims.append(below(f"Dirac-GAN: {words} contracts ({order})", _MESCHEDER, value, bound, entry, order))
    rate = "Dirac-GAN: R1 of weight 0.3 contracts by 0.97468 a round (simultaneous)"
    return [*claims, equals(rate, _MESCHEDER, _contraction, 0.974679, 1e-3, "r1", "simultaneous")]


def _log10(value: Callable[[], float]) -> float:
    return math.log10(value())


@cache
def _end(name: str, divergence: str, penalty: str, weight: float, rounds: int = 500, **options: Any) -> float:
    penalties, batch = {penalty: PENALTIES[penalty](weight=weight)} if penalty else {}, options.pop("batch", 2)
    game = dirac_game(DIVERGENCES[divergence](), penalties, **options)
    return math.hypot(*end_point(game, _rule(name), rounds, batch))


def _contraction() -> float:
    """Per round, over some whole turns of the spiral."""
    method = ("simultaneous", "minimax", "r1", 0.3)
    return (_end(*method) / _end(*method, rounds=200)) ** (1 / 300)


_ROUNDS, _GAMMA = 100, 1.0  # of the bilinear game; the weight of consensus optimization
_FACTORS: dict[str, tuple[Callable[[float], float], str]] = {  # by which |(theta, psi)| changes in a round at rate h
    "simultaneous": (lambda h: math.sqrt(1 + h**2), "Mescheder et al. (2017)"),
    "extragradient": (lambda h: math.sqrt((1 - h**2) ** 2 + h**2), "Gidel et al. (2019)"),
    "consensus": (lambda h: math.sqrt((1 - _GAMMA * h) ** 2 + h**2), "Mescheder et al. (2017)"),
}
_STEPS = (  # theta after a round of the bilinear game, by the critic that the generator's step uses
    ("simultaneous", "the critic as it was", 0.8),
    ("alternating", "the critic after its step", 0.76),
)


def rule_claims() -> list[Claim]:
    """Closed forms of the update rules in the bilinear game, and the Dirac-GAN that only one of them lets diverge."""
    factor_words = "the norm in the bilinear game changes by this factor a round"
    conserved = "alternating: theta^2 + psi^2 - h theta psi is conserved in the bilinear game"
    optimistic_words = "optimistic steps contract where plain ones diverge"
    gan = "the Dirac-GAN contracts, which under simultaneous steps spirals out to 3.10"
    return [
        *(
            equals(f"{name}: {factor_words}", source, partial(_factor, name), round(factor(RATE), 6), 1e-6)
            for name, (factor, source) in _FACTORS.items()
        ),
        equals(conserved, _MESCHEDER, _energy_ratio, 1.0, 1e-9),
        below(optimistic_words, "Daskalakis et al. (2018)", _optimistic_end, 0.5, "optimistic_adam"),
        *(
            below(f"{name}: the generator's step uses {words}", "definition", partial(_step_error, name, theta), 1e-12)
            for name, words, theta in _STEPS
        ),
        *(
            below(f"{name}: {gan}", source, partial(_end, name, "minimax", "", 0.0), 0.9)
            for name, (_, source) in _FACTORS.items()
            if name != "simultaneous"
        ),
        *(Claim(f"{name}: every player moves", "definition", "both", partial(_movers, name)) for name in RULES),
    ]


def _rule(name: str) -> Rule:
    return RULES[name](weight=_GAMMA) if name == "consensus" else RULES[name]()


def _bilinear(name: str, rounds: int, optimizer: Optimization = gradient_descent) -> tuple[float, float]:
    return end_point(dirac_game(DIVERGENCES["wasserstein"](), {}), _rule(name), rounds, optimizer=optimizer)


def _factor(name: str) -> float:
    return (math.hypot(*_bilinear(name, _ROUNDS)) / math.hypot(*START)) ** (1 / _ROUNDS)


def _energy_ratio() -> float:
    end, start = (a**2 + b**2 - RATE * a * b for a, b in (_bilinear("alternating", _ROUNDS), START))
    return end / start


def _optimistic_end() -> float:
    return math.hypot(*_bilinear("simultaneous", _ROUNDS, lambda weights: optimistic(gradient_descent(weights))))


def _step_error(name: str, theta: float) -> float:
    return math.dist(_bilinear(name, 1), (theta, -1.2))


def _movers(name: str) -> Measurement:
    ends = zip(("generator", "critic"), _bilinear(name, 2), START, strict=True)
    movers = [player for player, end, start in ends if end != start]
    return Measurement("both" if len(movers) == 2 else ", ".join(movers) or "none", len(movers) == 2)


_TRAJECTORY_ROUNDS = 20


def trajectory_claims() -> list[Claim]:
    """One for each divergence, over all rules with a formula below; about both."""
    words = f"the Dirac-GAN's path over {_TRAJECTORY_ROUNDS} rounds is the formula's ({', '.join(_FORMULAS)})"
    return [below(f"{n}: {words}", _MESCHEDER, partial(_path_error, n), 1e-9, n, *_FORMULAS) for n in DIVERGENCES]


def _path_error(name: str) -> float:
    """The greatest distance between the ends of the loop's path and of the formula's."""
    errors, divergence = [], DIVERGENCES[name]()
    for rule, formula in _FORMULAS.items():
        w = torch.tensor(START, dtype=torch.float64)
        for _ in range(_TRAJECTORY_ROUNDS):
            w = formula(w, partial(_field, divergence)).detach()
        end = end_point(dirac_game(divergence, {}), _rule(rule), _TRAJECTORY_ROUNDS)
        errors.append(math.dist(end, w.tolist()))
    return max(errors)


def _field(divergence: Divergence, w: Tensor) -> Tensor:
    """The gradient of each player's loss in its own number, at w = (theta, psi): (2,)."""
    w = w if w.requires_grad else w.clone().requires_grad_()
    theta, psi = w[0], w[1]
    real, fake = (psi * 0).view(1), (psi * theta).view(1)
    (by_theta,) = torch.autograd.grad(divergence.generator(real, fake).sum(), theta, create_graph=True)
    (by_psi,) = torch.autograd.grad(divergence.critic(real, fake).sum(), psi, create_graph=True)
    return torch.stack([by_theta, by_psi])


Field = Callable[[Tensor], Tensor]


def _alternating(w: Tensor, field: Field) -> Tensor:
    w = w - RATE * field(w).detach() * torch.tensor([0.0, 1.0])
    return w - RATE * field(w) * torch.tensor([1.0, 0.0])


def _consensus(w: Tensor, field: Field) -> Tensor:
    w = w.clone().requires_grad_()
    v = field(w)
    (gradient,) = torch.autograd.grad(v.square().sum() / 2, w)
    return w - RATE * (v + _GAMMA * gradient)


_FORMULAS: dict[str, Callable[[Tensor, Field], Tensor]] = {  # a round from w, by the field of both gradients
    "alternating": _alternating,
    "simultaneous": lambda w, field: w - RATE * field(w),
    "extragradient": lambda w, field: w - RATE * field((w - RATE * field(w)).detach()),
    "consensus": _consensus,
}
