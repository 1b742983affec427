"""The critic as a player: steps per round, weight clipping, lazy regularization."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from ..core.types import Terms
from .contest import Contest
from .game import Player, Turns, summands
from .play import Play

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class WeightClipping:
    """Every weight stays within [-bound, bound]."""

    bound: float
    norms: bool  # whether the scales of normalization layers are bounded, too

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        for weight in self.weights(network):
            weight.clamp_(-self.bound, self.bound)

    def weights(self, network: nn.Module) -> Iterator[nn.Parameter]:
        """Those that are bounded."""
        for module in network.modules():
            if self.norms or not isinstance(module, _NORMS):
                yield from module.parameters(recurse=False)


def clip_weights(bound: float, norms: bool = False) -> WeightClipping:
    """Keep every weight within [-bound, bound] (Arjovsky et al. 2017).

    The scales of normalization layers are exempt unless `norms`: a scale of 0.01 is not a slope of 0.01.
    """
    if bound <= 0:
        raise Refusal(f"clip is {bound}: the bound on the weights must be positive.")
    return WeightClipping(bound, norms)


def constant(turns: int = 5) -> Turns:
    """The same number of moves in every round."""
    _positive("constant", turns=turns)
    return turns


def bursts(usual: int = 5, burst: int = 100, first: int = 25, every: int = 500) -> Turns:
    """More moves in the first rounds and once in a while (100 for 25 rounds and every 500th: WGAN's released code)."""
    _positive("bursts", usual=usual, burst=burst, every=every)
    return lambda step: burst if step < first or step % every == 0 else usual


def every(rounds: int = 16) -> Turns:
    """One move, in the first of every so many rounds.

    `rounds` is from one move to the next.
    """
    _positive("every", rounds=rounds)
    return lambda step: int(step % rounds == 0)


def decaying(start: int = 10, end: int = 1, rounds: int = 1000) -> Turns:
    """From many moves to few in a straight line, over so many rounds.

    `start` is moves in the first round; `end` is moves from the last of those rounds on; `rounds` is how many of them.
    """
    _positive("decaying", start=start, end=end, rounds=rounds)
    return lambda step: round(start + (end - start) * min(step / rounds, 1.0))


def _positive(name: str, **values: int) -> None:
    for option, value in values.items():
        if value < 1:
            raise Refusal(f"The turns {name!r} have {option} {value}: at least 1 is needed.")


TURNS = Catalogue("schedule of turns", constant=constant, bursts=bursts, every=every, decaying=decaying).renamed(
    once_in="every", fading="decaying"
)


def critic_player(
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
    loss = summands(without_penalties(contest, lazy).critic_terms, *beside)
    constraint = None if clip is None else clip_weights(clip, clip_norms)
    judge = Player(contest.critic, (contest.critic,), loss, n_critic, constraint, contest.divergence.estimate)
    return (judge, *_lazily(contest, lazy, constraint))


def without_penalties(contest: Contest, lazy: int) -> Contest:
    """The contest as it is played in every round: without its penalties if they are paid lazily."""
    return contest if lazy == 1 else replace(contest, penalties={})


def _lazily(contest: Contest, interval: int, constraint: Callable[[nn.Module], None] | None) -> tuple[Player, ...]:
    """A player who pays the critic's penalties once in a while, with what was left out; none without penalties."""
    if interval < 1:
        raise Refusal(f"lazy is {interval}: the penalties are paid once in 1 or more rounds.")
    if interval == 1 or not contest.penalties:
        return ()

    def arrears(play: Play) -> Terms:
        return {name: interval * price for name, price in contest.penalty_terms(play).items()}

    return (Player("penalties", (contest.critic,), arrears, every(interval), constraint),)
