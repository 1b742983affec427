"""Encoders of adversarial games: BiGAN's inverts the generator, InfoGAN's reads the code."""

import math
from functools import partial

import torch

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS, LatentPart
from ...games.bigan import exchangeable
from ...games.infogan import code_loss, entropy
from ...terms.divergences import DIVERGENCES
from ...toys.linear_models import TRUTH, pair_game, pair_gradient, train_pair
from ..claims import Claim, Measurement, above, below, equals

_EXCHANGEABLE = (
    *("non_saturating", "least_squares", "wasserstein", "relativistic", "relativistic_average"),
    "total_variation",  # alone among those of Nowozin et al. (2016): its conjugate f*(t) is t
)
_DONAHUE, _CHEN = "Donahue et al. (2017)", "Chen et al. (2016)"


def claims() -> list[Claim]:
    """Of BiGAN and InfoGAN."""
    everything = "infogan: a certain reader of a class obtains all its information"
    nothing = "infogan: a reader without certainty obtains none of it"
    numbers = "infogan: a reader of numbers with a normal error obtains all but the error's entropy"
    exchange = "bigan: real and fake are exchanged where that is the divergence's own game, and nowhere else"
    sources = "Donahue et al. (2017); Nowozin et al. (2016)"
    error_entropy = math.log(2 * math.pi * math.e * 0.01) / 2
    return [
        *(claim for answer in ("exchange", "minus") for claim in _pair_claims(answer)),
        Claim(exchange, sources, ", ".join(_EXCHANGEABLE), _exchangeable),
        equals(everything, _CHEN, partial(_class_information, 1e3), math.log(10), 1e-6),
        equals(nothing, _CHEN, partial(_class_information, 0), 0, 1e-6),
        equals(numbers, _CHEN, _number_information, math.log(2) - error_entropy, 0.02),
    ]


def _pair_claims(answer: str) -> list[Claim]:
    at_rest = f"bigan: where the encoder inverts the generator, {answer} moves nothing"
    moving = f"bigan: where it does not, {answer} moves the pair"
    trained = f"bigan: trained by {answer}, the encoder inverts the generator in the end"
    return [
        below(at_rest, _DONAHUE, partial(_gradient, answer, 1.0), 1e-9),
        above(moving, _DONAHUE, partial(_gradient, answer, 0.5), 0.1),
        below(trained, _DONAHUE, partial(_inversion_error, answer), 1e-3),
    ]


def _gradient(answer: str, scale: float) -> float:
    """The greatest, where the encoder is the generator's inverse times `scale`."""
    return float(pair_gradient(pair_game(TRUTH, scale * torch.linalg.inv(TRUTH), answer)).abs().max())


def _inversion_error(answer: str) -> float:
    start = torch.eye(2, dtype=torch.float64) / 2
    return float((train_pair(pair_game(start, start, answer), rounds=150) - torch.eye(2)).abs().max())


def _exchangeable() -> Measurement:
    names = tuple(name for name, build in DIVERGENCES.items() if exchangeable(build()))
    return Measurement(", ".join(names), names == _EXCHANGEABLE)


def _class_information(certainty: float) -> float:
    """What a reader of this certainty obtains of one of ten classes, in nats."""
    part, z = LatentPart("categorical", slice(0, 10)), PRIORS["categorical"](10).draw(100).double()
    return entropy(part) - float(code_loss([part], Gaussian(certainty * z, torch.zeros_like(z)), z).mean())


def _number_information() -> float:
    """What a reader with an error of std 0.1, which it knows, obtains of a uniform number, in nats."""
    part, z = LatentPart("uniform", slice(0, 1)), PRIORS["uniform"](1).draw(40_000).double()
    reading = Gaussian(z + 0.1 * torch.randn_like(z), torch.full_like(z, math.log(0.01)))
    return entropy(part) - float(code_loss([part], reading, z).mean())
