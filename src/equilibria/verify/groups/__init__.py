"""Every claim about the library's own catalogues, in groups. The table is the registration."""

from collections.abc import Callable

from ...core.catalogue import Catalogue
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ..claims import Claim
from ..contracts.base import claims as claims_about
from ..contracts.divergences import DIVERGENCE_PROMISES
from ..contracts.penalties import PENALTY_PROMISES
from . import (
    divergence_identities,
    divergence_values,
    dynamics,
    encoders,
    likelihoods,
    mechanics,
    optimal_critics,
    penalty_values,
    wasserstein,
)
from . import likelihoods as inference


def contract_claims() -> list[Claim]:
    """Shapes, signs, finite numbers, gradients, compilation: an entry at a time."""
    return [
        *(c for name, make in DIVERGENCES.items() for c in claims_about(DIVERGENCE_PROMISES, name, make)),
        *(c for name, make in PENALTIES.items() for c in claims_about(PENALTY_PROMISES, name, make)),
    ]


__all__ = ["GROUPS", "Claims"]

Claims = Callable[[], list[Claim]]

GROUPS = Catalogue(
    "group of claims",
    promises=contract_claims,
    conjugates=divergence_values.conjugate_claims,
    bounds=divergence_values.bound_claims,
    gaussians=optimal_critics.gaussian_claims,
    lines=wasserstein.claims,
    points=optimal_critics.point_claims,
    prices=penalty_values.value_claims,
    places=penalty_values.place_claims,
    identities=divergence_identities.identity_claims,
    kinship=divergence_values.family_claims,
    pairs=divergence_identities.relativistic_claims,
    dirac=dynamics.dirac_claims,
    paths=dynamics.path_claims,
    orders=dynamics.order_claims,
    around=mechanics.around_claims,
    reach=mechanics.reach_claims,
    likelihoods=likelihoods.likelihood_claims,
    inference=inference.bound_claims,
    codes=encoders.claims,
    compiled=mechanics.compiled_claims,
)
