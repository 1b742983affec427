"""Which of the thousand modes of stacked digits samples reach."""

import math

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import Data
from ..features.base import Features
from .base import Figure, Figures, Metric, Sets

_DIGITS = 10
_AT_ONCE = 1024  # images that are classified


def stacked(data: Data, classifier: Features) -> Metric:
    """Modes out of 1000 that samples of three stacked digits reach, and KL from equal shares (Srivastava et al. 2017).

    The classifier tells the digit of each channel by itself. Nats; of n samples equal shares have a KL of 999 / 2 n,
    digits as frequent as in MNIST .0042 more.
    """
    channels = data.space.shape[0]
    if not is_stacked(data):
        raise Refusal(f"{data.name} are no stacked digits: choose the data stacked_mnist for the metric stacked_modes.")
    if classifier.classify is None:
        raise Refusal(f"The metric stacked_modes needs a network that tells digits, and {classifier.name} does not.")
    tell = classifier.classify

    def measure(sets: Sets) -> Figures:
        single = sets.fake.flatten(0, 1)[:, None]  # (M C, 1, H, W)
        said = torch.cat([tell(part).argmax(dim=1) for part in single.split(_AT_ONCE)])
        return {name: Figure(value) for name, value in stacked_modes(said.view(-1, channels)).items()}

    return Metric(torch.no_grad()(measure), sees="samples", better={"stacked_modes": "higher"})


def is_stacked(data: Data) -> bool:
    """Whether each channel is a digit, and the class is all of them."""
    shape, labels = data.space.shape, data.labels
    return len(shape) == 3 and shape[0] > 1 and labels is not None and labels.size == _DIGITS ** shape[0]


def stacked_modes(said: Tensor) -> dict[str, float]:
    """How many of all rows of digits occur in (N, C), and KL of their shares from equal ones, nats."""
    places = _DIGITS ** torch.arange(said.shape[1] - 1, -1, -1, device=said.device)
    count = _DIGITS ** said.shape[1]
    shares = torch.bincount((said.long() * places).sum(dim=1), minlength=count).double() / len(said)
    divergence = torch.special.xlogy(shares, shares).sum() + math.log(count)
    return {"stacked_modes": float((shares > 0).sum()), "stacked_kl": float(divergence)}
