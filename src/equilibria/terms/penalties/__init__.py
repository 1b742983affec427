"""What a critic pays. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Duel, GradientPenalty, Penalty, traits, uses_gradient
from .lecam import lecam
from .slopes import divergence_penalty, dragan, gradient_penalty, r1, r2, zero_centered

__all__ = ["FLAT", "LIPSCHITZ", "PENALTIES", "Duel", "GradientPenalty", "Penalty", "traits", "uses_gradient"]

PENALTIES = Catalogue(
    "penalty",
    gradient_penalty=gradient_penalty,
    divergence_penalty=divergence_penalty,
    r1=r1,
    r2=r2,
    zero_centered=zero_centered,
    dragan=dragan,
    lecam=lecam,
)

LIPSCHITZ, FLAT = "gradient_penalty", "r1"  # to take where a critic's gradient norm is to be 1, or its game to rest
