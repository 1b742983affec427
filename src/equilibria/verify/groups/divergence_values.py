"""Values of divergences: conjugates, bounds, kinship of families."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from ...terms.divergences import DIVERGENCES, Divergence, FDivergence
from ..claims import Claim, below, equals
from ..contracts.base import claims as claims_about
from ..contracts.f_divergences import FACTS_PROMISES
from ..toys.critics import Scorer, estimate

_JSD, _HELLINGER, _VARIATION = 0.1114214, 2 - 2 * math.exp(-1 / 8), math.erf(1 / math.sqrt(8))
NUMBERS = {  # closed forms, or quadrature to six decimals
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
_SOURCES = {
    "minimax": "Goodfellow et al. 2014",
    "non_saturating": "Goodfellow et al. 2014",
    "least_squares": "Mao et al. 2017",
    "hinge": "Lim and Ye 2017",
    "relativistic": "Jolicoeur-Martineau 2019",
    "wasserstein": "Arjovsky et al. 2017",
}
_BEST: dict[str, Scorer] = {  # of those that carry no facts
    "minimax": lambda x: 0.5 - x,
    "non_saturating": lambda x: 0.5 - x,
    "least_squares": lambda x: torch.sigmoid(0.5 - x),
    "hinge": lambda x: torch.sign(0.5 - x),
    "relativistic": lambda x: 0.5 - x,
    "wasserstein": lambda x: -x,
}


def best(name: str) -> Scorer | None:
    """The optimal critic's scores, where theory has them."""
    facts = DIVERGENCES[name]().f_divergence
    return _BEST.get(name) if facts is None else lambda x: facts.optimal_score(torch.exp(0.5 - x))


def source(name: str) -> str:
    """Who introduced it."""
    return _SOURCES.get(name, "Nowozin et al. 2016")


def bound_claims() -> list[Claim]:
    """One for each divergence with a known number."""
    return [_claim(name, scorer) for name in DIVERGENCES if name in NUMBERS and (scorer := best(name)) is not None]


def _claim(name: str, scorer: Scorer) -> Claim:
    sentence = f"{name}: the best critic's estimate between N(0,1) and N(1,1)"
    return equals(sentence, source(name), partial(estimate, DIVERGENCES[name](), scorer), NUMBERS[name], 1e-4, name)


_OTHERS: dict[str, list[float]] = {"alpha": [-1.0, 0.9, 1.5, 3.0], "weighted_jensen_shannon": [0.1, 0.9]}


def conjugate_claims() -> list[Claim]:
    """Five claims for each divergence that carries its theory, and for its parameter elsewhere."""
    found = list[Claim]()
    for name, make in _entries().items():
        if make().f_divergence is not None:
            found += [_named(claim, name) for claim in claims_about(FACTS_PROMISES, name, make)]
    return found


def _entries() -> dict[str, Callable[[], Divergence]]:
    """Each entry as it is, and with other parameters."""
    entries = dict(DIVERGENCES)
    for name, values in _OTHERS.items():
        (option, *_) = (entry for entry in DIVERGENCES.describe() if entry.name == name).__next__().options
        entries |= {f"{name} {value:g}": partial(DIVERGENCES[name], **{option: value}) for value in values}
    return entries


def _named(claim: Claim, name: str) -> Claim:
    return Claim(claim.sentence, claim.source, claim.expected, claim.how, (name.split()[0],))


_SCORES = torch.linspace(-8, 8, 101, dtype=torch.float64)
_NOWOZIN = "Nowozin et al. 2016"
_KIN: tuple[tuple[str, dict[str, Any], str, float], ...] = (  # a member, at a parameter: so many times another
    ("alpha", {"alpha": -1.0}, "neyman", 0.5),
    ("alpha", {"alpha": 2.0}, "pearson", 0.5),
    ("alpha", {"alpha": 0.5}, "squared_hellinger", 2.0),
    ("weighted_jensen_shannon", {"pi": 0.5}, "jensen_shannon", 0.5),
)
_GENERATORS = {"exact": "lowers the bound: -f*(g(v))", "alternative": "raises T on its samples: -g(v)"}


def family_claims() -> list[Claim]:
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


def _facts(name: str, **options: Any) -> FDivergence:
    facts = DIVERGENCES[name](**options).f_divergence
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
