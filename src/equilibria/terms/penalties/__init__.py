"""What a critic pays. The table is the registration."""

from ...core.catalogue import Catalogue
from .base import Duel, Penalty
from .lecam import lecam
from .slopes import divergence_penalty, dragan, gradient_penalty, r1, r2, zero_centered

__all__ = ["PENALTIES", "Duel", "Penalty"]

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
