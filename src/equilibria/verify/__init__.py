"""Floor 5. Proof that each formulation is what its paper says; users' own functions are held to the same promises."""

from .claims import Claim, Finding
from .suite import verify

__all__ = ["Claim", "Finding", "verify"]
