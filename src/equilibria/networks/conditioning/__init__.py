"""How networks are told what they are to draw or judge. The table is the registration."""

from ...core.catalogue import Catalogue
from ...core.errors import Refusal
from .classifier import classifier
from .concat import concat
from .embedding import embedding
from .film import film
from .projection import projection
from .told import Told

__all__ = ["CONDITIONINGS", "Told", "told"]

CONDITIONINGS = Catalogue(
    "conditioning", concat=concat, embedding=embedding, film=film, projection=projection, classifier=classifier
)


def told(role: str, names: str, size: int) -> Told:
    """What this network is told of a condition of `size` numbers, in the ways whose names "+" joins.

    Names are checked where there is no condition, too.
    """
    ways = {name: CONDITIONINGS[name]() for name in names.split("+")}
    for name, way in ways.items():
        if role not in way.roles:
            fit = ", ".join(name for name, builder in CONDITIONINGS.items() if role in builder().roles)
            raise Refusal(f"The conditioning {name!r} is for {way.roles[0]}s and not for {role}s: use {fit}.")
    guessing = [name for name, way in ways.items() if way.classes]
    telling = [name for name, way in ways.items() if way.beside or way.norm]
    if guessing and telling:
        raise Refusal(
            f"The conditionings {guessing[0]!r} and {telling[0]!r} cannot be combined: the features would be told what "
            f"the {guessing[0]} is to guess. Use {guessing[0]}, projection+{guessing[0]} or {telling[0]}."
        )
    return Told(size, tuple(ways.values()) if size else ())
