"""The critic as a player: steps per round, lazy regularization."""

from collections.abc import Sequence
from dataclasses import replace

from ..core.catalogue import Catalogue
from ..core.errors import Refusal, at_least
from ..core.types import Terms
from .contest import Contest
from .game import Loss, Player, Turns, summands
from .play import Play
from .weight_clipping import WeightClipping


def constant(turns: int = 5) -> Turns:
    """The same number of steps in every round.

    `turns` is critic steps per round.
    """
    at_least(1, "The schedule 'constant'", turns=turns)
    return turns


def bursts(usual: int = 5, burst: int = 100, first: int = 25, every: int = 500) -> Turns:
    """More steps in the first rounds and at intervals (100 for 25 rounds and every 500th: WGAN's released code).

    `usual` is critic steps per round; `burst` is critic steps in a round of a burst; `first` is the rounds of the first
    burst; `every` is the rounds from one later burst to the next.
    """
    at_least(1, "The schedule 'bursts'", usual=usual, burst=burst, every=every)
    return lambda step: burst if step < first or step % every == 0 else usual


def every(rounds: int = 16) -> Turns:
    """One step at a regular interval, beginning in the first round.

    `rounds` is the interval between steps.
    """
    at_least(1, "The schedule 'every'", rounds=rounds)
    return lambda step: int(step % rounds == 0)


def decaying(start: int = 10, end: int = 1, rounds: int = 1000) -> Turns:
    """From many steps per round to few, linearly.

    `start` is steps in the first round; `end` is steps after the decay; `rounds` is the length of the decay.
    """
    at_least(1, "The schedule 'decaying'", start=start, end=end, rounds=rounds)
    return lambda step: round(start + (end - start) * min(step / rounds, 1.0))


TURNS = Catalogue.of("schedule of turns", constant, bursts, every, decaying)
TURNS.renamed(once_in="every", fading="decaying")


def critic_player(
    contest: Contest,
    other_losses: Sequence[Loss] = (),
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> tuple[Player, ...]:
    """The player of a contest's critic, and with lazy regularization the player of its penalties.

    The latter steps once in `lazy` rounds, by `lazy` times the penalties (Karras et al. 2020). The critic's loss is the
    contest's and `other_losses`. Raises Refusal for a penalty with the name of another term.
    """
    if clash := {"divergence", "class"} & contest.penalties.keys():
        raise Refusal(f"A penalty is called {clash.pop()!r}, as another term of the loss is: call it something else.")
    loss = summands(without_penalties(contest, lazy).critic_terms, *other_losses)
    constraint = None if clip is None else WeightClipping(clip, clip_norms)
    critic = Player(contest.critic, (contest.critic,), loss, n_critic, constraint, contest.divergence.estimate)
    at_least(1, "The game", lazy=lazy)
    if lazy == 1 or not contest.penalties:
        return (critic,)

    def penalties(play: Play) -> Terms:
        return {name: lazy * penalty for name, penalty in contest.penalty_terms(play).items()}

    return critic, Player("penalties", (contest.critic,), penalties, every(lazy), constraint)


def without_penalties(contest: Contest, lazy: int) -> Contest:
    """The contest of every round: without its penalties if these are lazy."""
    return contest if lazy == 1 else replace(contest, penalties={})
