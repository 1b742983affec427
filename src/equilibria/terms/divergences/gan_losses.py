"""Losses beyond the variational form: non-saturating, least squares, hinge, relativistic, Wasserstein."""

import math
from dataclasses import replace

from torch import Tensor
from torch.nn.functional import relu, softplus

from ...core.distributed import all_reduce_mean
from ...core.errors import Refusal
from .base import LIKELIER, Divergence

_NO_ZERO = "minus the mean score of samples, which has no fixed zero: neither its size nor its course is informative."
_LOG_CRITIC = (
    "at rest it is {at}, where the critic gives every sample probability .5; towards 0 it separates samples from data "
    "without error, which is no good sign. At best it is 2 log 2 minus twice the Jensen-Shannon divergence."
)


def minimax() -> Divergence:
    """The saturating GAN: the generator minimizes what the critic maximizes (Goodfellow et al. 2014, eq. 1)."""
    return Divergence(
        critic=_log_loss,
        generator=lambda real, fake: -softplus(fake),
        estimate=lambda loss: math.log(2) - loss / 2,
        measures="Jensen-Shannon divergence, in nats, at most log 2 = 0.6931",
        supremum=math.log(2),
        unsaturated="non_saturating",
        log_ratio=Tensor.double,
        score="log(p_data / p_model)",
        meaning=(
            _LOG_CRITIC,
            "at rest it is {at}, and 0 where the critic recognizes every sample: there its gradient vanishes. It does "
            "not say how good samples are.",
        ),
    )


def non_saturating() -> Divergence:
    """The usual GAN: the generator maximizes log D, so its gradient survives (Goodfellow et al. 2014, section 3).

    At the optimal critic its gradient is that of KL(model || data) - 2 JSD, not of the Jensen-Shannon divergence
    (Arjovsky and Bottou 2017, theorem 2.5): samples away from the data cost much, missing modes cost little.
    """
    return replace(
        minimax(),
        generator=lambda real, fake: softplus(-fake),
        unsaturated="",
        meaning=(
            _LOG_CRITIC,
            "at rest it is {at}. An increase means that the critic is ahead, not that samples get worse: it does "
            "not say how good they are.",
        ),
    )


def least_squares(fake_code: float = 0.0, real_code: float = 1.0, generator_code: float = 1.0) -> Divergence:
    """Scores regressed to codes a, b; the generator's target is c (Mao et al. 2017, eq. 9).

    The estimate is D / 2, D = integral of (p - q)^2 / (p + q), by 1 - 4 loss / (b - a)^2. At the optimal critic the
    paper's objective is integral of (p + q) (critic - c)^2 = (a + b - 2c)^2 / 2 + (b - a)^2 D / 4: D if b - c = 1 and
    b - a = 2 (their "Pearson", of p + q and 2 q), 1/2 + D / 4 with the default codes, and never Pearson's chi-squared
    of p and q. The generator lowers the fake half of it, with the critic fixed.
    """
    a, b, c = fake_code, real_code, generator_code
    if a == b:
        raise Refusal(f"least_squares has fake_code = real_code = {a}: the critic could not tell real from fake.")

    return Divergence(
        critic=lambda real, fake: ((real - b) ** 2 + (fake - a) ** 2) / 2,
        generator=lambda real, fake: (fake - c) ** 2 / 2,
        estimate=lambda loss: 1 - 4 * loss / (b - a) ** 2,
        measures="triangular discrimination, half the integral of (p - q)^2 / (p + q), at most 1",
        supremum=1.0,
        signed_scores=a == -b,
        rest=(a + b) / 2,
        score="it reaches the codes of real and fake, where the ratio would be infinite or zero",
        meaning=(
            "at rest it is {at}, where every score lies halfway between the codes of data and of samples; 0 where it "
            "separates all of them.",
            "at rest it is {at}. The critic that measures it changes, so it does not say how good samples are.",
        ),
    )


def hinge() -> Divergence:
    """Margin losses: scores beyond +-1 cost the critic nothing (Lim and Ye 2017; Miyato et al. 2018).

    The optimal critic is sign(p - q); the generator's gradient there is that of twice the total variation.
    """
    return Divergence(
        critic=lambda real, fake: relu(1 - real) + relu(1 + fake),
        generator=lambda real, fake: -fake,
        estimate=lambda loss: 1 - loss / 2,
        measures="total variation, at most 1",
        supremum=1.0,
        generator_rests=False,
        score=LIKELIER,
        meaning=(
            "at rest it is {at}; 0 where all data scores above 1 and all samples below -1. 1 minus half of it is the "
            "estimate of the total variation.",
            _NO_ZERO,
        ),
    )


def _log_loss(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real) + softplus(fake)


_AHEAD = "at rest it is {at}. An increase means that the critic is ahead, not that samples get worse."


def relativistic() -> Divergence:
    """Real against fake, pair by pair, both sides non-saturating (Jolicoeur-Martineau 2019; Huang et al. 2024)."""
    return Divergence(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
        paired=True,
        estimate=lambda loss: math.log(2) - loss,
        measures="Jensen-Shannon divergence of ordered pairs, in nats, at most log 2",
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

    The means are over the batches of all processes. The estimate is biased (Jolicoeur-Martineau 2020): for the same
    critic it is lower on small batches, since softplus is convex in the means.
    """
    return Divergence(
        critic=_against_means,
        generator=lambda real, fake: _against_means(fake, real),
        paired=True,
        estimate=lambda loss: 2 * math.log(2) - loss,
        measures="relativistic average divergence, in nats, 0 where data and model agree",
        signed_scores=False,
        score="no formula is known from the optimal critic to a ratio",
        meaning=(
            "at rest it is {at}, where no sample stands out from the mean of the other side; 0 where each does.",
            _AHEAD,
        ),
    )


def _against_means(high: Tensor, low: Tensor) -> Tensor:
    return softplus(all_reduce_mean(low) - high) + softplus(low - all_reduce_mean(high))


def wasserstein() -> Divergence:
    """Earth mover's distance, given a 1-Lipschitz critic (Arjovsky et al. 2017)."""
    return Divergence(
        critic=lambda real, fake: fake - real,
        generator=lambda real, fake: -fake,
        estimate=lambda loss: -loss,
        measures="Wasserstein-1 distance times the critic's Lipschitz constant, in units of the data",
        lipschitz=True,
        signed_scores=False,
        generator_rests=False,
        score="it says how far samples are from the data, not how much less likely",
        meaning=(
            "minus it is the estimate of the Wasserstein distance, up to the critic's gradient norm: {at} at rest. It "
            "is the curve to watch: large at first, it falls towards 0 as samples get better, if the critic keeps up "
            "and its gradient norm stays the same.",
            _NO_ZERO,
        ),
    )


GAN_LOSSES = (minimax, non_saturating, least_squares, hinge, wasserstein, relativistic, relativistic_average)
