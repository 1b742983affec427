"""The players who move a critic: who tells real from fake, and who pays the penalties once in a while."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from torch import nn

from ..core.errors import Refusal
from ..core.types import Terms
from .constraints import clip_weights
from .contest import Contest
from .game import Player, Turns, summands
from .play import Play
from .turns import once_in


def judges(
    contest: Contest,
    beside: Sequence[Callable[[Play], Terms]] = (),
    n_critic: Turns = 1,
    lazy: int = 1,
    clip: float | None = None,
    clip_norms: bool = False,
) -> tuple[Player, ...]:
    """A contest's critic, who also loses what is `beside`; if penalties are paid lazily, then their payer."""
    if taken := {"divergence", "class"} & contest.penalties.keys():
        raise Refusal(f"A penalty is called {taken.pop()!r}, as another term of the loss is: call it something else.")
    loss = summands(unpaid(contest, lazy).against, *beside)
    constraint = None if clip is None else clip_weights(clip, clip_norms)
    judge = Player(contest.critic, (contest.critic,), loss, n_critic, constraint, contest.divergence.estimate)
    return (judge, *_lazily(contest, lazy, constraint))


def unpaid(contest: Contest, lazy: int) -> Contest:
    """The contest as it is played in every round: without its penalties if they are paid lazily."""
    return contest if lazy == 1 else replace(contest, penalties={})


def _lazily(contest: Contest, interval: int, constraint: Callable[[nn.Module], None] | None) -> tuple[Player, ...]:
    """A player who pays the critic's penalties once in a while, with what was left out; none without penalties."""
    if interval < 1:
        raise Refusal(f"lazy is {interval}: the penalties are paid once in 1 or more rounds.")
    if interval == 1 or not contest.penalties:
        return ()

    def arrears(play: Play) -> Terms:
        return {name: interval * price for name, price in contest.prices(play).items()}

    return (Player("penalties", (contest.critic,), arrears, once_in(interval), constraint),)
