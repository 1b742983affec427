"""Whom each term's gradient reaches: the weights of the player whose term it is, all of them, and nobody else's."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch

from ...games.game import Game, Player
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES, Penalty
from ..claims import Answer, Claim
from ..scenes.critics import SIZES
from ..scenes.games import play_of, small_game

_SOURCE = "Goodfellow et al. 2014"
_AROUND: dict[str, Mapping[str, Any]] = {
    "packed by 2": {"pack": 2},
    "with noise": {"noise": 0.1},
    "unrolled 3 times": {"unroll": 3},
    "paid every other round": {"lazy": 2},
    "scored in one pass": {"together": True},
}
Make = Callable[[], Game]


def claims() -> list[Claim]:
    """For each divergence, each penalty, and each thing around a contest."""
    games: dict[str, tuple[Make, str]] = {}
    for name in DIVERGENCES:
        games[name] = (partial(_game, name, None, {}), name)
    for name in PENALTIES:
        games[name] = (partial(_game, "hinge", name, {}), name)
    for words, options in _AROUND.items():
        games[f"a contest {words}"] = (partial(_game, "minimax", "gradient_penalty", options), "gan")
    sentence = "each player's terms reach all its weights, and no other's"
    return [
        Claim(
            f"{words}: {sentence}",
            _SOURCE,
            "own: all, other: none",
            partial(_reaches, make, 2 if "packed" in words else 1),
            (about,),
        )
        for words, (make, about) in games.items()
    ]


def _game(divergence: str, penalty: str | None, options: Mapping[str, Any]) -> Game:
    penalties: dict[str, Penalty] = {} if penalty is None else {penalty: PENALTIES[penalty]()}
    return small_game(DIVERGENCES[divergence](), penalties, **options)


def _reaches(make: Make, pack: int) -> Answer:
    for count in SIZES:
        game = make()
        for player in game.players:
            if fault := _fault(game, player, count * pack):
                return Answer(fault, False, fault)
    return Answer("own: all, other: none", True)


def _fault(game: Game, player: Player, count: int) -> str:
    """What the player's loss reaches that it should not, or does not that it should."""
    game.networks.zero_grad()
    with game.only(player):
        torch.stack(list(player.loss(play_of(game, count)).values())).sum().backward()
    for name, weight in game.networks.named_parameters():
        owned, reached = name.split(".")[0] in player.moves, weight.grad is not None and bool(weight.grad.any())
        if owned and not reached:
            return f"the {player.name}'s terms do not reach {name} at batch {count}"
        if reached and not owned:
            return f"the {player.name}'s terms reach {name} at batch {count}"
    return ""
