"""Every claim about the library's own catalogues, in groups. The table is the registration."""

from collections.abc import Callable

from ...core.catalogue import Catalogue
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ..claims import Claim
from ..contracts import claims_about
from ..contracts.divergences import DIVERGENCE_CONTRACT
from ..contracts.penalties import PENALTY_CONTRACT
from . import divergence_values, dynamics, encoders, likelihoods, mechanics, penalty_values, trained_critics

__all__ = ["GROUPS"]


def contract_claims() -> list[Claim]:
    """The contracts of divergences and penalties, for every entry."""
    return claims_about(DIVERGENCE_CONTRACT, DIVERGENCES) + claims_about(PENALTY_CONTRACT, PENALTIES)


Claims = Callable[[], list[Claim]]

GROUPS = Catalogue(
    "group of claims",
    contracts=contract_claims,
    conjugates=divergence_values.conjugate_claims,
    bounds=divergence_values.bound_claims,
    gaussians=trained_critics.gaussian_claims,
    parallel_lines=trained_critics.line_claims,
    point_masses=trained_critics.point_claims,
    penalty_values=penalty_values.value_claims,
    penalty_points=penalty_values.point_claims,
    identities=divergence_values.identity_claims,
    families=divergence_values.family_claims,
    relativistic_losses=divergence_values.relativistic_claims,
    dirac=dynamics.dirac_claims,
    trajectories=dynamics.trajectory_claims,
    update_rules=dynamics.rule_claims,
    mechanics=mechanics.mechanics_claims,
    reach=mechanics.reach_claims,
    likelihoods=likelihoods.likelihood_claims,
    variational=likelihoods.bound_claims,
    encoders=encoders.claims,
    compiled=mechanics.compiled_claims,
)
