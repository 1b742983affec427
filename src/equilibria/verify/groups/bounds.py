"""What each divergence reads from the optimal critic between N(0, 1) and N(1, 1): the numbers of the literature."""

import math
from functools import partial

import torch

from ...terms.divergences import DIVERGENCES
from ..claims import Claim, equals
from ..scenes.population import Scorer, estimate

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
    facts = DIVERGENCES[name]().facts
    return _BEST.get(name) if facts is None else lambda x: facts.score(torch.exp(0.5 - x))


def source(name: str) -> str:
    """Who introduced it."""
    return _SOURCES.get(name, "Nowozin et al. 2016")


def claims() -> list[Claim]:
    """One for each divergence with a known number."""
    return [_claim(name, scorer) for name in DIVERGENCES if name in NUMBERS and (scorer := best(name)) is not None]


def _claim(name: str, scorer: Scorer) -> Claim:
    sentence = f"{name}: the best critic's estimate between N(0,1) and N(1,1)"
    return equals(sentence, source(name), partial(estimate, DIVERGENCES[name](), scorer), NUMBERS[name], 1e-4, name)
