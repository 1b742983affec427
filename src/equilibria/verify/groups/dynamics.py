"""Dynamics of simple games: Dirac-GAN convergence, update rules, trajectories."""

import math
from collections.abc import Callable, Mapping
from functools import cache, partial
from itertools import accumulate, repeat
from typing import Any

import torch
from torch import Tensor

from ...terms.divergences import DIVERGENCES, Divergence
from ...terms.penalties import PENALTIES
from ...training.optimizers import optimistic
from ...training.update_rules import RULES, Rule
from ..claims import Answer, Claim, below, equals
from ..toys.dirac import RATE, START, distance, plain, played

_SOURCE = "Mescheder et al. 2018"
Method = tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any]]
_METHODS: dict[str, tuple[Method, float, float]] = {  # divergence, penalty, its options, the game's; both orders
    "GAN circles": (("minimax", "", None, {}), 3.10, 1.413),
    "clipping does not stop WGAN": (("wasserstein", "", None, {"clip": 1.0}), 1.00, 0.985),
    "slope one does not stop WGAN-GP": (("wasserstein", "gradient_penalty", {"weight": 0.35}, {}), 1.80, 1.280),
    "R1 of weight 0.3 contracts": (("minimax", "r1", {"weight": 0.3}, {}), 2.6e-6, 2.383e-7),
    "R1 of weight 1 contracts": (("minimax", "r1", {"weight": 1.0}, {}), 9.5e-22, 8.489e-17),
}


def dirac_claims() -> list[Claim]:
    """|(theta, psi)| at the end, the rate at which R1 contracts, and instance noise."""
    found = list[Claim]()
    for words, (method, *ends) in _METHODS.items():
        found += [
            _end(words, method, order, end) for order, end in zip(("simultaneous", "alternating"), ends, strict=True)
        ]
    return [
        *found,
        equals(
            "Dirac-GAN: R1 of weight 0.3 contracts by 0.97468 a round (simultaneous)",
            _SOURCE,
            _rate,
            0.974679,
            1e-3,
            "r1",
            "simultaneous",
        ),
        *(
            below(
                f"Dirac-GAN: noise on both sides contracts ({order})",
                _SOURCE,
                partial(_noisy, order),
                0.1,
                "minimax",
                order,
            )
            for order in ("simultaneous", "alternating")
        ),
        *(
            below(
                f"Dirac-GAN: {name} contracts ({order})",
                _SOURCE,
                partial(_ends, ("minimax", name, {"weight": 1.0}, {}), order),
                1e-3,
                name,
                order,
            )
            for name in ("r2", "zero_centered")
            if name in PENALTIES
            for order in ("simultaneous", "alternating")
        ),
    ]


def _end(words: str, method: Method, order: str, end: float) -> Claim:
    sentence = f"Dirac-GAN: {words} ({order})"
    about = tuple(filter(None, (method[0], method[1], order)))
    if end > 1e-3:
        return equals(sentence, _SOURCE, partial(_ends, method, order), end, 0.01 * end, *about)
    how = lambda: math.log10(_ends(method, order))  # noqa: E731
    return equals(f"{sentence}, log10", _SOURCE, how, round(math.log10(end), 3), 0.05, *about)


@cache
def _played(divergence: str, penalty: str, weight: float, order: str, rounds: int, clip: float | None) -> float:
    penalties = {penalty: PENALTIES[penalty](weight=weight)} if penalty else {}
    return distance(DIVERGENCES[divergence](), penalties, rule=RULES[order](), rounds=rounds, clip=clip)


def _ends(method: Method, order: str, rounds: int = 500) -> float:
    divergence, penalty, options, game = method
    return _played(divergence, penalty, (options or {}).get("weight", 0.0), order, rounds, game.get("clip"))


def _rate() -> float:
    """Over some whole turns of the spiral."""
    method, _, _ = _METHODS["R1 of weight 0.3 contracts"]
    return (_ends(method, "simultaneous", 500) / _ends(method, "simultaneous", 200)) ** (1 / 300)


def _noisy(order: str) -> float:
    return distance(DIVERGENCES["minimax"](), rule=RULES[order](), batch=256, noise=0.7)


_ROUNDS, GAMMA = 100, 1.0
_FACTORS: dict[str, tuple[Callable[[float], float], str]] = {  # by which |(theta, psi)| changes in a round at rate h
    "simultaneous": (lambda h: math.sqrt(1 + h**2), "Mescheder et al. 2017"),
    "extragradient": (lambda h: math.sqrt((1 - h**2) ** 2 + h**2), "Gidel et al. 2019"),
    "consensus": (lambda h: math.sqrt((1 - GAMMA * h) ** 2 + h**2), "Mescheder et al. 2017"),
}


def order_claims() -> list[Claim]:
    """Closed forms for each rule in the bilinear game, and the GAN that spirals out under one of them alone."""
    found = [
        equals(
            f"{name}: the bilinear game's distance changes by this factor a round",
            source,
            partial(_factor, name),
            round(factor(RATE), 6),
            1e-6,
            name,
        )
        for name, (factor, source) in _FACTORS.items()
        if name in RULES
    ]
    return [
        *found,
        equals(
            "alternating: theta^2 + psi^2 - h theta psi is conserved in the bilinear game",
            "Mescheder et al. 2018",
            _conserved,
            1.0,
            1e-9,
            "alternating",
        ),
        below(
            "optimistic steps contract where plain ones spiral out",
            "Daskalakis et al. 2018",
            _optimistic,
            0.5,
            "optimistic_adam",
        ),
        *(_step(name, theta, psi) for name, theta, psi in (("simultaneous", 0.8, -1.2), ("alternating", 0.76, -1.2))),
        *(
            below(
                f"{name}: the Dirac-GAN contracts, which spirals out to 3.10 under simultaneous steps",
                source,
                partial(_gan, name),
                0.9,
                name,
            )
            for name, (_, source) in _FACTORS.items()
            if name in RULES and name != "simultaneous"
        ),
        *(
            Claim(f"{name}: every player moves", "definition", "both", partial(_all_move, name), (name,))
            for name in RULES
        ),
    ]


def rule(name: str) -> Rule:
    """Of this name; consensus with the weight of these claims."""
    return RULES[name](weight=GAMMA) if name == "consensus" else RULES[name]()


def _bilinear(name: str, rounds: int) -> tuple[float, float]:
    return played(DIVERGENCES["wasserstein"](), rule=rule(name), rounds=rounds)


def _factor(name: str) -> float:
    return (math.hypot(*_bilinear(name, _ROUNDS)) / math.hypot(*START)) ** (1 / _ROUNDS)


def _conserved() -> float:
    def energy(theta: float, psi: float) -> float:
        return theta**2 + psi**2 - RATE * theta * psi

    return energy(*_bilinear("alternating", _ROUNDS)) / energy(*START)


def _optimistic() -> float:
    return distance(
        DIVERGENCES["wasserstein"](), rule=rule("simultaneous"), rounds=_ROUNDS, descent=lambda w: optimistic(plain(w))
    )


def _step(name: str, theta: float, psi: float) -> Claim:
    sees = "the critic as it was" if name == "simultaneous" else "the critic that has moved"

    def error() -> float:
        return math.dist(_bilinear(name, 1), (theta, psi))

    return below(f"{name}: in a round the generator sees {sees}", "definition", error, 1e-12, name)


def _gan(name: str) -> float:
    return distance(DIVERGENCES["minimax"](), rule=rule(name))


def _all_move(name: str) -> Answer:
    theta, psi = _bilinear(name, 2)
    moved = [
        words for words, here, start in zip(("generator", "critic"), (theta, psi), START, strict=True) if here != start
    ]
    return Answer("both" if len(moved) == 2 else ", ".join(moved) or "none", len(moved) == 2)


_PATH_ROUNDS = 20


def path_claims() -> list[Claim]:
    """One for each divergence, over all rules that have a formula here; about both."""
    known = [name for name in RULES if name in _STEPS]
    words = f"the Dirac-GAN's path over {_PATH_ROUNDS} rounds is the formula's ({', '.join(known)})"
    return [
        below(f"{name}: {words}", "Mescheder et al. 2018", partial(_apart, name, known), 1e-9, name, *known)
        for name in DIVERGENCES
    ]


def _apart(name: str, rules: list[str]) -> float:
    """The distance between the ends of the loop's path and of the formula's, at most."""
    gaps = []
    for known in rules:
        divergence, start = DIVERGENCES[name](), torch.tensor(START, dtype=torch.float64)
        *_, end = accumulate(repeat(divergence, _PATH_ROUNDS), _STEPS[known], initial=start)
        gaps.append(math.dist(played(divergence, rule=rule(known), rounds=_PATH_ROUNDS), end.tolist()))
    return max(gaps)


def _field(divergence: Divergence, w: Tensor) -> Tensor:
    """Where both losses rise, each in its own player's number, at w = (theta, psi): (2,)."""
    w = w if w.requires_grad else w.clone().requires_grad_()
    theta, psi = w[0], w[1]
    real, fake = (psi * 0).view(1), (psi * theta).view(1)
    (up,) = torch.autograd.grad(divergence.generator(real, fake).sum(), theta, create_graph=True)
    (down,) = torch.autograd.grad(divergence.critic(real, fake).sum(), psi, create_graph=True)
    return torch.stack([up, down])


def _simultaneous(w: Tensor, divergence: Divergence) -> Tensor:
    return (w - RATE * _field(divergence, w)).detach()


def _alternating(w: Tensor, divergence: Divergence) -> Tensor:
    w = w - RATE * _field(divergence, w).detach() * torch.tensor([0.0, 1.0])
    return w - RATE * _field(divergence, w).detach() * torch.tensor([1.0, 0.0])


def _extragradient(w: Tensor, divergence: Divergence) -> Tensor:
    return (w - RATE * _field(divergence, _simultaneous(w, divergence))).detach()


def _consensus(w: Tensor, divergence: Divergence) -> Tensor:
    here = w.clone().requires_grad_()
    v = _field(divergence, here)
    (slope,) = torch.autograd.grad(v.square().sum() / 2, here)
    return (w - RATE * (v + GAMMA * slope)).detach()


_STEPS = {
    "alternating": _alternating,
    "simultaneous": _simultaneous,
    "extragradient": _extragradient,
    "consensus": _consensus,
}
