"""Every claim about the product's own catalogue, in groups. The table is the registration."""

from collections.abc import Callable

from ...core.catalogue import Catalogue
from ..claims import Claim
from . import (
    around,
    bounds,
    codes,
    compiled,
    conjugates,
    dirac,
    families,
    gaussians,
    identities,
    inference,
    likelihoods,
    lines,
    orders,
    paths,
    places,
    points,
    prices,
    promised,
    reach,
    relativistic,
)

__all__ = ["GROUPS", "Claims"]

Claims = Callable[[], list[Claim]]

GROUPS = Catalogue(
    "group of claims",
    promises=promised.claims,
    conjugates=conjugates.claims,
    bounds=bounds.claims,
    gaussians=gaussians.claims,
    lines=lines.claims,
    points=points.claims,
    prices=prices.claims,
    places=places.claims,
    identities=identities.claims,
    kinship=families.claims,
    pairs=relativistic.claims,
    dirac=dirac.claims,
    paths=paths.claims,
    orders=orders.claims,
    around=around.claims,
    reach=reach.claims,
    likelihoods=likelihoods.claims,
    inference=inference.claims,
    codes=codes.claims,
    compiled=compiled.claims,
)
