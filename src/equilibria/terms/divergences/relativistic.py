"""Divergences that score real against fake."""

import math

from torch import Tensor
from torch.nn.functional import softplus

from ...core.processes import mean
from .base import Divergence

_AHEAD = "at rest it is {at}. Rising means that the critic is ahead, not that samples get worse."


def relativistic() -> Divergence:
    """Real against fake, pair by pair, both sides non-saturating (Jolicoeur-Martineau 2019; Huang et al. 2024)."""
    return Divergence(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
        paired=True,
        estimate=lambda loss: math.log(2) - loss,
        measures="Jensen-Shannon divergence of pairs in one order from the other, in nats, at most log 2",
        supremum=math.log(2),
        signed_scores=False,
        log_ratio=Tensor.double,
        score="log(p_data / p_model) plus a constant, which does not matter here",
        meaning=(
            "at rest it is {at}, where no pair of a real and a generated sample can be put in order; 0 where each can.",
            _AHEAD,
        ),
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
        signed_scores=False,
        score="what its best critic says is not known as a ratio",
        meaning=(
            "at rest it is {at}, where no sample stands out from the mean of the other side; 0 where each does.",
            _AHEAD,
        ),
    )


def _against_means(high: Tensor, low: Tensor) -> Tensor:
    return softplus(mean(low) - high) + softplus(low - mean(high))
