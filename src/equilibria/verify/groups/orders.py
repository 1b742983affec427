"""What the update rules do to the game of two numbers, theta times psi, whose players circle."""

import math
from collections.abc import Callable
from functools import partial

from ...terms.divergences import DIVERGENCES
from ...training.optimizers import optimistic
from ...training.rules import RULES, Rule
from ..claims import Answer, Claim, below, equals
from ..scenes.scalar import RATE, START, distance, plain, played

_ROUNDS, GAMMA = 100, 1.0
_FACTORS: dict[str, tuple[Callable[[float], float], str]] = {  # by which |(theta, psi)| changes in a round at rate h
    "simultaneous": (lambda h: math.sqrt(1 + h**2), "Mescheder et al. 2017"),
    "extragradient": (lambda h: math.sqrt((1 - h**2) ** 2 + h**2), "Gidel et al. 2019"),
    "consensus": (lambda h: math.sqrt((1 - GAMMA * h) ** 2 + h**2), "Mescheder et al. 2017"),
}


def claims() -> list[Claim]:
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
