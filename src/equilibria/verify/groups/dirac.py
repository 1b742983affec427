"""Where the Dirac-GAN goes (Mescheder et al. 2018): every method, both orders, 500 rounds at rate 0.2 from (1, -1)."""

import math
from collections.abc import Mapping
from functools import cache, partial
from typing import Any

from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ...training.rules import RULES
from ..claims import Claim, below, equals
from ..scenes.scalar import distance

_SOURCE = "Mescheder et al. 2018"
Method = tuple[str, str, Mapping[str, Any] | None, Mapping[str, Any]]
_METHODS: dict[str, tuple[Method, float, float]] = {  # divergence, penalty, its options, the game's; both orders
    "GAN circles": (("minimax", "", None, {}), 3.10, 1.413),
    "clipping does not stop WGAN": (("wasserstein", "", None, {"clip": 1.0}), 1.00, 0.985),
    "slope one does not stop WGAN-GP": (("wasserstein", "gradient_penalty", {"weight": 0.35}, {}), 1.80, 1.280),
    "R1 of weight 0.3 contracts": (("minimax", "r1", {"weight": 0.3}, {}), 2.6e-6, 2.383e-7),
    "R1 of weight 1 contracts": (("minimax", "r1", {"weight": 1.0}, {}), 9.5e-22, 8.489e-17),
}


def claims() -> list[Claim]:
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
