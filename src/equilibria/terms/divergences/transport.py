"""Divergences that measure how far mass must travel."""

from .base import Divergence


def wasserstein() -> Divergence:
    """Earth mover's distance, given a 1-Lipschitz critic (Arjovsky et al. 2017)."""
    return Divergence(
        critic=lambda real, fake: fake - real,
        generator=lambda real, fake: -fake,
        estimate=lambda loss: -loss,
        measures="Wasserstein-1 distance times the critic's Lipschitz constant, in units of the data",
    )
