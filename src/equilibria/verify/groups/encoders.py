"""Encoders that are found by playing: pairs that agree where one inverts the other, codes that are read in samples."""

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS, LatentPart
from ...games.bigan import exchangeable
from ...games.infogan import code_loss, entropy
from ...terms.divergences import DIVERGENCES
from ..claims import Answer, Claim, above, below, equals
from ..toys import linear_models

EXCHANGEABLE = (  # those of Nowozin et al. 2016 are not, but for the one whose conjugate f*(t) is t
    "non_saturating",
    "least_squares",
    "wasserstein",
    "relativistic",
    "relativistic_average",
    "total_variation",
)
_DONAHUE, _CHEN = "Donahue et al. 2017", "Chen et al. 2016"


def claims() -> list[Claim]:
    """Of BiGAN and InfoGAN."""
    return [*_pairs(), *_codes()]


def _pairs() -> list[Claim]:
    inverse = torch.linalg.inv(linear_models.TRUTH)
    settled, unsettled = (
        (lambda: linear_models.TRUTH, lambda: inverse),
        (lambda: linear_models.TRUTH, lambda: inverse / 2),
    )
    return [
        *(
            claim
            for answer in ("exchange", "minus")
            for claim in (
                below(
                    f"bigan: where the encoder inverts the generator, {answer} moves nothing",
                    _DONAHUE,
                    partial(_pull, settled, answer),
                    1e-9,
                    "bigan",
                ),
                above(
                    f"bigan: where it does not, {answer} moves the pair",
                    _DONAHUE,
                    partial(_pull, unsettled, answer),
                    0.1,
                    "bigan",
                ),
                below(
                    f"bigan: played by {answer}, the encoder ends as the generator's inverse",
                    _DONAHUE,
                    partial(_inverted, answer),
                    1e-3,
                    "bigan",
                ),
            )
        ),
        Claim(
            "bigan: real and fake are exchanged where that is the divergence's own game, and nowhere else",
            "Donahue et al. 2017; Nowozin et al. 2016",
            ", ".join(EXCHANGEABLE),
            _exchanged,
            ("bigan",),
        ),
    ]


def _codes() -> list[Claim]:
    return [
        equals(
            "infogan: who reads a class finds all of it",
            _CHEN,
            partial(_information, 1e3),
            math.log(10),
            1e-6,
            "infogan",
        ),
        equals(
            "infogan: who reads nothing in a class finds nothing", _CHEN, partial(_information, 0), 0, 1e-6, "infogan"
        ),
        equals(
            "infogan: of numbers read with a normal mistake, that much less than all is found",
            _CHEN,
            _numbers,
            math.log(2) - math.log(2 * math.pi * math.e * 0.01) / 2,
            0.02,
            "infogan",
        ),
    ]


def _pull(place: tuple[Callable[[], Tensor], Callable[[], Tensor]], answer: str) -> float:
    return float(linear_models.pull(linear_models.pair_game(place[0](), place[1](), answer)).abs().max())


def _inverted(answer: str) -> float:
    start = torch.eye(2, dtype=torch.float64) / 2
    ended = linear_models.played_out(linear_models.pair_game(start, start, answer), rounds=150)
    return float((ended - torch.eye(2)).abs().max())


def _exchanged() -> Answer:
    found = tuple(name for name in DIVERGENCES if exchangeable(DIVERGENCES[name]()))
    return Answer(", ".join(found), found == EXCHANGEABLE)


def _information(certainty: float) -> float:
    """What is found of one of ten classes by a reader as certain as this, in nats."""
    part, z = LatentPart("categorical", slice(0, 10)), PRIORS["categorical"](10).draw(100).double()
    return entropy(part) - float(code_loss([part], Gaussian(certainty * z, torch.zeros_like(z)), z).mean())


def _numbers() -> float:
    """What is found of a uniform number by a reader who is off by a tenth, and knows it."""
    part, z = LatentPart("uniform", slice(0, 1)), PRIORS["uniform"](1).draw(40_000).double()
    read = Gaussian(z + 0.1 * torch.randn_like(z), torch.full_like(z, math.log(0.01)))
    return entropy(part) - float(code_loss([part], read, z).mean())
