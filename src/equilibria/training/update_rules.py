"""Update rules: alternating, simultaneous, extragradient, consensus. The table is the registration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.catalogue import Catalogue
from ..core.distributed import average_
from ..core.errors import Refusal, at_least
from ..games.game import Game, Player
from .step import Gradients, Players, differentiate, draw, move, step, take_gradients, total_loss

if TYPE_CHECKING:
    from .run import Run

Order = list[tuple[Players, int]]  # players that move at once, and how many times in a row
_REMEDIES = {"critic": "--n-critic 1", "penalties": "--lazy 1"}


def one_by_one(game: Game, step: int) -> Order:
    """Each player in order, as often as it has turns in round `step`."""
    return [((player,), player.turns_at(step)) for player in game.players]


def all_at_once(game: Game, step: int) -> Order:
    """Every player, once."""
    return [(game.players, 1)]


@dataclass(frozen=True)
class Rule:
    """The order of the moves in a round, and how players move."""

    move: Callable[["Run", Players], None]  # of players at once
    order: Callable[[Game, int], Order] = all_at_once  # of a game in a round
    draws: int = 1  # batches per move


def alternating() -> Rule:
    """One player after another, after the others' last step, as often as it has turns (Goodfellow et al. 2014)."""
    return Rule(move, one_by_one)


def simultaneous() -> Rule:
    """All players at once, each along its gradient at the same point and on the same draw (Mescheder et al. 2017)."""
    return Rule(move)


def extragradient() -> Rule:
    """All players step ahead, then step from where they were along the gradients there (Gidel et al. 2019).

    After Korpelevich 1976. Each of the two steps has its own draw and updates the optimizers' moments (ExtraAdam).
    """
    return Rule(_extragradient_move, draws=2)


def consensus(weight: float = 10.0) -> Rule:
    """All players at once, along the joint gradient v and against the gradient of |v|^2 (Mescheder et al. 2017).

    The step is v + weight grad |v|^2 / 2, with respect to all parameters; `weight` is the paper's gamma.
    """
    at_least(0, "The rule 'consensus'", weight=weight)
    return Rule(lambda run, players: step(run, players, consensus_gradients(run, players, weight)))


RULES = Catalogue.of("update rule", alternating, simultaneous, extragradient, consensus)


def check_turns(rule: Rule, name: str, game: Game) -> None:
    """Raise Refusal if a player has other turns than the one per round of a rule that moves all players at once."""
    for player in game.players if rule.order is all_at_once else ():
        if player.turns != 1:
            turns = "turns that depend on the round" if callable(player.turns) else f"{player.turns} turns"
            remedy = f"use {_REMEDIES[player.name]}, or" if player.name in _REMEDIES else "use"
            raise Refusal(
                f"The update rule {name!r} moves all players once a round, and the player {player.name!r} has {turns}: "
                f"{remedy} --rule alternating."
            )


def _extragradient_move(run: "Run", players: Players) -> None:
    parameters: list[Tensor] = list(dict.fromkeys(p for player in players for p in run.game.parameters(player)))
    here = [p.detach().clone() for p in parameters]
    move(run, players)
    gradients_there = differentiate(run, players)
    with torch.no_grad():
        torch._foreach_copy_(parameters, here)
    step(run, players, gradients_there)


def consensus_gradients(run: "Run", players: Players, weight: float) -> list[Gradients]:
    """Each player's v + weight grad |v|^2 / 2, on one draw."""
    own = [run.game.parameters(player) for player in players]
    networks = dict.fromkeys(name for player in players for name in player.networks)
    with run.game.only(Player("all players", tuple(networks), players[0].loss)):
        play = draw(run)
        run.draws += 1
        gradients = [
            torch.autograd.grad(total_loss(run, player, play), parameters, create_graph=True, materialize_grads=True)
            for player, parameters in zip(players, own, strict=True)
        ]
        pairs = list(zip(chain(*own), chain(*gradients), strict=True))
        v = [torch.empty_like(parameter).copy_(gradient.detach()) for parameter, gradient in pairs]
        average_(v)
        corrections = _norm_gradient(pairs, v)
    for gradient, (parameter, _) in zip(v, pairs, strict=True):
        if (correction := corrections.pop(parameter, None)) is not None:  # once, even if several players move it
            gradient.add_(correction, alpha=weight)
    rest = iter(v)
    return [list(islice(rest, len(parameters))) for parameters in own]


def _norm_gradient(pairs: Sequence[tuple[Tensor, Tensor]], v: Sequence[Tensor]) -> dict[Tensor, Tensor]:
    """The gradient of |v|^2 / 2 by parameter, the mean over processes.

    It is the transposed Jacobian of this process's gradients, in `pairs` with their parameters, times the mean v.
    """
    joint: dict[Tensor, Tensor] = {}
    for (parameter, _), gradient in zip(pairs, v, strict=True):
        joint[parameter] = joint[parameter] + gradient if parameter in joint else gradient
    curved = [(gradient, joint[parameter]) for parameter, gradient in pairs if gradient.requires_grad]
    if curved:
        torch.autograd.backward(
            [gradient for gradient, _ in curved], [v_joint for _, v_joint in curved], inputs=list(joint)
        )
    norm_gradient = {p: g for p, g in zip(joint, take_gradients(list(joint)), strict=True) if g is not None}
    average_(list(norm_gradient.values()))
    return norm_gradient
