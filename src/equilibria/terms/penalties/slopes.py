"""What a critic pays for being steep."""

import torch
from torch import Tensor
from torch.nn.functional import relu

from ...core.errors import Refusal, nearest
from ..gradients import input_gradient
from .base import Duel, GradientPenalty, Penalty, refuse_negative
from .samplers import SAMPLERS, Sampler, around, between, fake, real


def gradient_penalty(weight: float = 10.0, slope: float = 1.0, one_sided: bool = False) -> Penalty:
    """Slope one between real and fake: weight (|grad D| - slope)^2 (WGAN-GP, Gulrajani et al. 2017).

    One-sided, only steeper slopes pay (their section 4).
    """
    refuse_negative("gradient_penalty", weight=weight, slope=slope)

    def two_sided(duel: Duel) -> Tensor:
        return weight * (_steepness(duel, between) - slope) ** 2

    def only_above(duel: Duel) -> Tensor:
        return weight * relu(_steepness(duel, between) - slope) ** 2

    cost = only_above if one_sided else two_sided
    return GradientPenalty(cost, slope, one_sided, auto_weight=(0.1, 10.0))  # the authors', of toy data and all others


def divergence_penalty(weight: float = 2.0, power: float = 6.0, sampler: str = "between") -> Penalty:
    """Steepness has a price everywhere: weight |grad D|^power (WGAN-div, Wu et al. 2018; k = 2, p = 6).

    Measured `between`, on `real`, on `fake`, or on `both` (the mean of the last two).
    """
    refuse_negative("divergence_penalty", weight=weight, power=power)
    if power <= 1:
        raise Refusal(f"divergence_penalty has power {power}: it must exceed 1 for the optimum to exist.")

    def on(place: str, duel: Duel) -> Tensor:
        if power < 2:  # a root of the squares has no slope before a flat critic, their norm has
            return weight * _steepness(duel, SAMPLERS[place]) ** power
        return weight * _slopes(duel, SAMPLERS[place]).square().sum(dim=1) ** (power / 2)

    if sampler == "both":
        return GradientPenalty(lambda duel: (on("real", duel) + on("fake", duel)) / 2)
    if sampler not in SAMPLERS:
        known = [*SAMPLERS, "both"]
        raise Refusal(f"divergence_penalty knows no sampler {sampler!r}.{nearest(sampler, known)}")
    return GradientPenalty(lambda duel: on(sampler, duel))


def r1(weight: float = 10.0) -> Penalty:
    """Flat on the data: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    refuse_negative("r1", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _slopes(duel, real).square().sum(dim=1))


def r2(weight: float = 10.0) -> Penalty:
    """Flat on the samples: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    refuse_negative("r2", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _slopes(duel, fake).square().sum(dim=1))


def zero_centered(weight: float = 10.0) -> Penalty:
    """Flat between real and fake: weight |grad D|^2 (0-GP, Thanh-Tung et al. 2019)."""
    refuse_negative("zero_centered", weight=weight)
    return divergence_penalty(weight, power=2.0, sampler="between")


def dragan(weight: float = 10.0, slope: float = 1.0, spread: float = 0.5) -> Penalty:
    """Slope one around the data: weight (|grad D(x + noise)| - slope)^2 (DRAGAN, Kodali et al. 2017).

    `spread` is the deviation of the noise, in deviations of the batch. The noise is Gaussian, as in the paper; that it
    scales with the batch is from the released code, whose noise is uniform and never negative.
    """
    refuse_negative("dragan", weight=weight, slope=slope, spread=spread)
    near = around(spread)
    return GradientPenalty(lambda duel: weight * (_steepness(duel, near) - slope) ** 2)


def _steepness(duel: Duel, sampler: Sampler) -> Tensor:
    """The slope of each score where the sampler says: (B,)."""
    return torch.linalg.vector_norm(_slopes(duel, sampler), dim=1)


def _slopes(duel: Duel, sampler: Sampler) -> Tensor:
    """The critic's gradient where the sampler says, from the duel's own scores where they are those: (B, D)."""
    known = duel.real_scores if sampler is real else duel.fake_scores if sampler is fake else None
    return input_gradient(duel.critic, sampler(duel.real, duel.fake), known)
