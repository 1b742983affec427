"""Divergences that score real against fake."""

import math

from torch.nn.functional import softplus

from .base import Divergence


def relativistic() -> Divergence:
    """Real against fake, pair by pair, both sides non-saturating (Jolicoeur-Martineau 2019; Huang et al. 2024)."""
    return Divergence(
        critic=lambda real, fake: softplus(fake - real),
        generator=lambda real, fake: softplus(real - fake),
        paired=True,
        estimate=lambda loss: math.log(2) - loss,
        measures="Jensen-Shannon divergence between (real, fake) and (fake, real) pairs, nats, at most log 2",
    )
