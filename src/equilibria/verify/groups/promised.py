"""What every divergence and every penalty of the catalogue keeps."""

from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ..claims import Claim
from ..promises import DIVERGENCE_PROMISES, PENALTY_PROMISES
from ..promises import claims as claims_about


def claims() -> list[Claim]:
    """Shapes, signs, finite numbers, gradients, compilation: an entry at a time."""
    return [
        *(c for name, make in DIVERGENCES.items() for c in claims_about(DIVERGENCE_PROMISES, name, make)),
        *(c for name, make in PENALTIES.items() for c in claims_about(PENALTY_PROMISES, name, make)),
    ]
