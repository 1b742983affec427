"""Divergences that measure how far mass must travel."""

from .base import Divergence
from .classic import NO_ZERO


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
            "minus it is the estimate of the Wasserstein distance, up to the critic's slope: {at} at rest. It is what "
            "to watch: large at first, it should fall towards 0 as samples get better, if the critic keeps up and its "
            "slope stays.",
            NO_ZERO,
        ),
    )
