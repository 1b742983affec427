"""How often a player moves, as a function of the round."""

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from .game import Turns


def constant(turns: int = 5) -> Turns:
    """The same number of moves in every round."""
    _positive("constant", turns=turns)
    return turns


def bursts(usual: int = 5, burst: int = 100, first: int = 25, every: int = 500) -> Turns:
    """More moves in the first rounds and once in a while (100 for 25 rounds and every 500th: WGAN's released code)."""
    _positive("bursts", usual=usual, burst=burst, every=every)
    return lambda step: burst if step < first or step % every == 0 else usual


def _positive(name: str, **values: int) -> None:
    for option, value in values.items():
        if value < 1:
            raise Refusal(f"The turns {name!r} have {option} {value}: at least 1 is needed.")


TURNS = Catalogue("schedule of turns", constant=constant, bursts=bursts)
