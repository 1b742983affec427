"""Floor 5. Checks that each formulation is what its paper says; users' own functions must keep the same contracts."""

from .claims import Claim, Verdict
from .suite import verify

__all__ = ["Claim", "Verdict", "verify"]
