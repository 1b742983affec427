"""Modes covered: mixtures and Stacked-MNIST."""

import math

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import Data
from ..features.base import Features
from ..neighbors import distances
from .base import PORTION, POSITIVE, Measurement, Measurements, Metric, SampleSets, proportion

_NEAR = 3.0  # standard deviations
_DIGITS = 10
_BATCH = 1024  # images that are classified at a time
_MISSES = "of fewer true samples, half a mode or more is missing on average"


def mode_coverage(data: Data) -> Metric:
    """Modes covered, share of samples near one, reverse KL of the modes' shares, if known (Srivastava et al. 2017).

    True samples in the plane are near with probability .9889, and n of them among K modes have a reverse KL of about
    (K - 1) / 2 n. Without a sample near any mode there is no reverse KL. Raises Refusal for data without known modes.
    """
    if data.modes is None:
        raise Refusal(f"The modes of {data.name} are not known: choose another metric, or the data ring or grid.")
    centers, std = data.modes

    def measure(sets: SampleSets) -> Measurements:
        values = modes(sets.fake, centers, std)
        errors = {"high_quality": proportion(values["high_quality"], len(sets.fake)).error}
        return {name: Measurement(value, errors.get(name)) for name, value in values.items() if math.isfinite(value)}

    better = {"modes": "higher", "high_quality": "higher"}
    ranges = {"modes": (0.0, float(len(centers))), "high_quality": PORTION, "reverse_kl": POSITIVE}
    return Metric(measure, "samples", better, fewest=_fewest(len(centers)), reason=_MISSES, ranges=ranges)


def _fewest(modes: int) -> int:
    """The number n of true samples of which K equal modes, K exp(-n / K) on average, are missing half of one."""
    return math.ceil(modes * math.log(2 * modes))


@torch.no_grad()
def modes(samples: Tensor, centers: Tensor, std: float) -> dict[str, float]:
    """High quality share, modes covered and reverse KL on a known mixture (Srivastava et al. 2017; Lin et al. 2018).

    A sample (of (N, D)) is of high quality within three standard deviations of its nearest center (of (K, D)); in the
    plane true samples are so with probability 1 - exp(-9/2) = 98.89 %. A mode is covered if one such sample is nearest
    to it. Reverse KL is that of the high-quality samples' modes against equal shares; infinite for no such sample.
    """
    # inner products would be off by more than small standard deviations
    distance, nearest = distances(samples.float(), centers.float().to(samples.device), exact=True).min(dim=1)
    good = distance <= _NEAR * std
    counts = torch.bincount(nearest[good], minlength=len(centers)).double()
    shares = counts / counts.sum()
    divergence = torch.special.xlogy(shares, shares * len(centers)).sum() if good.any() else math.inf
    quality = float(good.double().mean())
    return {"high_quality": quality, "modes": float((counts > 0).sum()), "reverse_kl": float(divergence)}


def stacked(data: Data, classifier: Features) -> Metric:
    """Modes out of 1000 that samples of three stacked digits cover, and KL from equal shares (Srivastava et al. 2017).

    The classifier predicts the digit of each channel by itself. Nats; of n samples equal shares have a KL of about
    999 / 2 n, digits as frequent as in MNIST .0042 more. Raises Refusal for other data and for a network without
    classes.
    """
    if not is_stacked(data):
        raise Refusal(f"{data.name} has no stacked digits: choose the data stacked_mnist for the metric stacked_modes.")
    if classifier.classify is None:
        raise Refusal(f"The metric stacked_modes needs a network that tells digits, and {classifier.name} does not.")
    classify, places = classifier.classify, _places(data.space.shape[0])

    def measure(sets: SampleSets) -> Measurements:
        numbers = torch.cat([classify(part).argmax(dim=1).cpu() for part in sets.fake.split(_BATCH)])
        values = stacked_modes(numbers[:, None] // places % _DIGITS)
        return {name: Measurement(value) for name, value in values.items()}

    modes = _DIGITS ** data.space.shape[0]
    ranges = {"stacked_modes": (0.0, float(modes)), "stacked_kl": POSITIVE}
    better = {"stacked_modes": "higher"}
    return Metric(torch.no_grad()(measure), "samples", better, _fewest(modes), _MISSES, ranges=ranges)


def is_stacked(data: Data) -> bool:
    """Whether each channel is a digit, and the class is all of them."""
    shape, labels = data.space.shape, data.labels
    return len(shape) == 3 and shape[0] > 1 and labels is not None and labels.size == _DIGITS ** shape[0]


def stacked_modes(digits: Tensor) -> dict[str, float]:
    """The number of different rows of digits (N, C), and the KL of their shares from equal ones, nats."""
    channels = digits.shape[1]
    numbers = (digits.long().cpu() * _places(channels)).sum(dim=1)
    shares = numbers.bincount(minlength=_DIGITS**channels).double() / len(digits)
    divergence = torch.special.xlogy(shares, shares).sum() + channels * math.log(_DIGITS)
    return {"stacked_modes": float((shares > 0).sum()), "stacked_kl": float(divergence)}


def _places(channels: int) -> Tensor:
    """The place values of the digits: hundreds, tens, ones."""
    return _DIGITS ** torch.arange(channels - 1, -1, -1)
