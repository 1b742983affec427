"""What every divergence and every penalty keeps, ours and anybody's."""

from .base import Promise, claims, kept
from .divergences import DIVERGENCE_PROMISES
from .f_divergences import FACTS_PROMISES
from .penalties import PENALTY_PROMISES

__all__ = ["DIVERGENCE_PROMISES", "FACTS_PROMISES", "PENALTY_PROMISES", "Promise", "claims", "kept"]
