"""Update rules: alternating, simultaneous, extragradient, consensus. The table is the registration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.catalogue import Catalogue
from ..core.distributed import average_
from ..core.errors import Refusal
from ..games.game import Game, Player
from .step import Gradients, Players, differentiate, draw, move, score, step, take_gradients

if TYPE_CHECKING:
    from .run import Run


def consensus_gradients(run: "Run", players: Players, weight: float) -> list[Gradients]:
    """Each player's v + weight grad |v|^2 / 2, on one draw."""
    owned = [run.game.parameters(player) for player in players]
    with run.game.only(_joint_player(players)):
        play = draw(run)
        run.draws += 1
        field = [
            torch.autograd.grad(score(run, player, play), parameters, create_graph=True, materialize_grads=True)
            for player, parameters in zip(players, owned, strict=True)
        ]
        pulls = list(zip(chain(*owned), chain(*field), strict=True))
        v = [torch.empty_like(parameter).copy_(gradient.detach()) for parameter, gradient in pulls]
        average_(v)
        slopes = _norm_gradient(pulls, v)
    for gradient, (parameter, _) in zip(v, pulls, strict=True):
        if (slope := slopes.pop(parameter, None)) is not None:  # once, even if several players move it
            gradient.add_(slope, alpha=weight)
    rest = iter(v)
    return [list(islice(rest, len(parameters))) for parameters in owned]


def _norm_gradient(pulls: Sequence[tuple[Tensor, Tensor]], v: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """The gradient of |v|^2 / 2: the Jacobian of this process's pulls, transposed, times the mean v; its mean."""
    joint: dict[Tensor, Tensor] = {}
    for (parameter, _), gradient in zip(pulls, v, strict=True):
        joint[parameter] = joint[parameter] + gradient if parameter in joint else gradient
    bent = [(pull, joint[parameter]) for parameter, pull in pulls if pull.requires_grad]
    if bent:
        torch.autograd.backward([pull for pull, _ in bent], [weight for _, weight in bent], inputs=list(joint))
    slopes = {p: slope for p, slope in zip(joint, take_gradients(list(joint)), strict=True) if slope is not None}
    average_(list(slopes.values()))
    return slopes


def _joint_player(players: Players) -> Player:
    """One who moves all that any of them moves."""
    networks = dict.fromkeys(name for player in players for name in player.networks)
    return Player("everybody", tuple(networks), players[0].loss)


if TYPE_CHECKING:
    from .run import Run

Order = list[tuple[Players, int]]  # who moves at once, and how many times in a row
_REMEDIES = {"critic": "--n-critic 1", "penalties": "--lazy 1"}


def one_by_one(game: Game, step: int) -> Order:
    """Each player in order, as often as it has turns in round `step`."""
    return [((player,), player.turns_at(step)) for player in game.players]


def all_at_once(game: Game, step: int) -> Order:
    """Every player, once."""
    return [(game.players, 1)]


@dataclass(frozen=True)
class Rule:
    """Who moves when, and how."""

    move: Callable[["Run", Players], None]  # some players, at once
    order: Callable[[Game, int], Order] = all_at_once  # of a game in a round
    draws: int = 1  # batches that one move takes


def alternating() -> Rule:
    """One after another, each from where the others have gone, as often as it has turns (Goodfellow et al. 2014)."""
    return Rule(move, one_by_one)


def simultaneous() -> Rule:
    """All at once, each along its gradient at the same point and on the same draw (Mescheder et al. 2017)."""
    return Rule(move)


def extragradient() -> Rule:
    """All look a step ahead, then step from where they were along the gradients there (Gidel et al. 2019).

    After Korpelevich 1976. Each of the two has its own draw, and both are steps of the optimizers: moments are updated
    at either point (ExtraAdam).
    """
    return Rule(_extragradient_move, draws=2)


def consensus(weight: float = 10.0) -> Rule:
    """All at once, along the joint gradient v and down the slope of |v|^2, which must vanish (Mescheder et al. 2017).

    The step is v + weight grad |v|^2 / 2, with respect to what anybody moves; `weight` is the paper's gamma.
    """
    if weight < 0:
        raise Refusal(f"rule.weight is {weight}: a rotation is damped by a weight of 0 or more.")
    return Rule(lambda run, players: step(run, players, consensus_gradients(run, players, weight)))


def check_turns(rule: Rule, name: str, game: Game) -> None:
    """Raise Refusal if a player wants other turns than the one that a rule for all at once can give."""
    for player in game.players if rule.order is all_at_once else ():
        if player.turns != 1:
            turns = "turns by the round" if callable(player.turns) else f"{player.turns} turns"
            remedy = f"use {_REMEDIES[player.name]}, or" if player.name in _REMEDIES else "use"
            raise Refusal(
                f"The update rule {name!r} moves all players once a round, and the player {player.name!r} has {turns}: "
                f"{remedy} --rule alternating."
            )


def _extragradient_move(run: "Run", players: Players) -> None:
    """Step, see which way to go from there, return, and go that way."""
    parameters: list[Tensor] = list(dict.fromkeys(p for player in players for p in run.game.parameters(player)))
    here = [p.detach().clone() for p in parameters]
    move(run, players)
    there = differentiate(run, players)
    with torch.no_grad():
        torch._foreach_copy_(parameters, here)
    step(run, players, there)


RULES = Catalogue(
    "update rule",
    alternating=alternating,
    simultaneous=simultaneous,
    extragradient=extragradient,
    consensus=consensus,
)
