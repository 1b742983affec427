"""Members of one family under two names, and the two losses that an f-divergence has for its generator."""

from functools import partial
from typing import Any

import torch

from ...terms.divergences import DIVERGENCES, Facts
from ..claims import Claim, below

_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)
_NOWOZIN = "Nowozin et al. 2016"
_KIN: tuple[tuple[str, dict[str, Any], str, float], ...] = (  # a member, at a parameter: so many times another
    ("alpha", {"alpha": -1.0}, "neyman", 0.5),
    ("alpha", {"alpha": 2.0}, "pearson", 0.5),
    ("alpha", {"alpha": 0.5}, "squared_hellinger", 2.0),
    ("weighted_jensen_shannon", {"pi": 0.5}, "jensen_shannon", 0.5),
)
_GENERATORS = {"exact": "lowers the bound: -f*(g(v))", "alternative": "raises T on its samples: -g(v)"}


def claims() -> list[Claim]:
    """Kinship, games of sum zero, and both generator losses wherever they can be chosen."""
    chosen = [entry.name for entry in DIVERGENCES.describe() if "generator_loss" in entry.options]
    zero = [name for name in ("minimax", "wasserstein", *chosen) if name in DIVERGENCES]
    return [
        *(_kinship(*kin) for kin in _KIN if kin[0] in DIVERGENCES),
        *(
            below(f"{name}: the {loss} generator {formula}", _NOWOZIN, partial(_generator, name, loss), 1e-9, name)
            for name in chosen
            for loss, formula in _GENERATORS.items()
        ),
        *(
            below(
                f"{name}: a game of sum zero, but for what real scores add", _NOWOZIN, partial(_sum, name), 1e-9, name
            )
            for name in zero
        ),
        below("hinge: the generator's loss is Wasserstein's", "Lim and Ye 2017", _hinge, 0, "hinge"),
        *([below("gan: the critic's loss is minimax's", _NOWOZIN, _gan, 1e-12, "gan")] if "gan" in DIVERGENCES else []),
    ]


def _facts(name: str, **options: Any) -> Facts:
    facts = DIVERGENCES[name](**options).facts
    assert facts is not None
    return facts


def _kinship(name: str, options: dict[str, Any], other: str, share: float) -> Claim:
    ratios = torch.logspace(-1, 1, 41, dtype=torch.float64)

    def error() -> float:
        one, two = _facts(name, **options).f(ratios), _facts(other).f(ratios)
        return float(((one - share * two) / (1 + two.abs())).abs().max())

    said = ", ".join(f"{option} = {value:g}" for option, value in options.items())
    return below(f"{name}: at {said} it is {share:g} times {other}", _NOWOZIN, error, 1e-12, name)


def _generator(name: str, loss: str) -> float:
    facts = _facts(name)
    raised = facts.activation(_SCORES)
    want = -facts.conjugate(raised) if loss == "exact" else -raised
    got = DIVERGENCES[name](generator_loss=loss).generator(_SCORES, _SCORES)
    return float(((got - want) / (1 + want.abs())).abs().max())


def _sum(name: str) -> float:
    """What the two losses add up to does not depend on the fake scores."""
    divergence, real = DIVERGENCES[name](), torch.zeros_like(_SCORES)
    total = divergence.critic(real, _SCORES) + divergence.generator(real, _SCORES)
    return float((total - total[0]).abs().max())


def _hinge() -> float:
    one, other = (DIVERGENCES[name]().generator(_SCORES, _SCORES) for name in ("hinge", "wasserstein"))
    return float((one - other).abs().max())


def _gan() -> float:
    one, other = (DIVERGENCES[name]().critic(_SCORES, _SCORES.flip(0)) for name in ("gan", "minimax"))
    return float((one - other).abs().max())
