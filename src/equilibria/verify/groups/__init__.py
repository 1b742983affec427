"""Every claim about the product's own catalogue, in groups. The table is the registration."""

from collections.abc import Callable

from ...core.catalogue import Catalogue
from ..claims import Claim
from . import bounds, compiled, conjugates, dirac, gaussians, identities, lines, orders, points, prices, promised, reach

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
    identities=identities.claims,
    dirac=dirac.claims,
    orders=orders.claims,
    reach=reach.claims,
    compiled=compiled.claims,
)
