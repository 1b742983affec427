"""Divergences that score real against fake."""

import math

from torch import Tensor
from torch.nn.functional import softplus

from ...core.processes import mean
from .base import Divergence


def relativistic() -> Divergence:
    """Real against fake, pair by pair, both sides non-saturating (Jolicoeur-Martineau 2019; Huang et al. 2024)."""
    return Divergence(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
        paired=True,
        estimate=lambda loss: math.log(2) - loss,
        measures="Jensen-Shannon divergence of pairs in one order from the other, in nats, at most log 2",
    )


def relativistic_average() -> Divergence:
    """Real against the mean of all fake, and fake against that of all real (Jolicoeur-Martineau 2019, RaSGAN).

    The means are over the whole batch, of all processes. From a batch the estimate is biased (Jolicoeur-Martineau
    2020): for one and the same critic it reads lower on small ones, since softplus is convex in the means.
    """
    return Divergence(
        critic=_against_means,
        generator=lambda real, fake: _against_means(fake, real),
        paired=True,
        estimate=lambda loss: 2 * math.log(2) - loss,
        measures="relativistic average divergence, in nats, 0 where data and model agree",
    )


def _against_means(high: Tensor, low: Tensor) -> Tensor:
    return softplus(mean(low) - high) + softplus(low - mean(high))
