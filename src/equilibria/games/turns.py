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


def once_in(rounds: int = 16) -> Turns:
    """One move, in the first of every so many rounds.

    `rounds` is from one move to the next.
    """
    _positive("once_in", rounds=rounds)
    return lambda step: int(step % rounds == 0)


def fading(start: int = 10, end: int = 1, rounds: int = 1000) -> Turns:
    """From many moves to few in a straight line, over so many rounds.

    `start` is moves in the first round; `end` is moves from the last of those rounds on; `rounds` is how many of them.
    """
    _positive("fading", start=start, end=end, rounds=rounds)
    return lambda step: round(start + (end - start) * min(step / rounds, 1.0))


def _positive(name: str, **values: int) -> None:
    for option, value in values.items():
        if value < 1:
            raise Refusal(f"The turns {name!r} have {option} {value}: at least 1 is needed.")


TURNS = Catalogue("schedule of turns", constant=constant, bursts=bursts, once_in=once_in, fading=fading)
