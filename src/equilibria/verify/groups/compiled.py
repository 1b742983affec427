"""Whole losses, with both networks in them, as one graph: the same numbers and gradients as Python's."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...core.randomness import reseed
from ...games.game import Game, Player
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import PENALTIES
from ..claims import Answer, Claim
from ..promises.compiling import compiled_equals_eager
from ..scenes.games import inferring_game, play_of, small_game

_GAMES: dict[str, tuple[str, tuple[str, ...], Mapping[str, Any]]] = {
    "GAN": ("minimax", (), {}),
    "WGAN-GP scored in one pass": ("wasserstein", ("gradient_penalty",), {"together": True}),
    "R3GAN": ("relativistic", ("r1", "r2"), {}),
    "hinge with noise, packed": ("hinge", ("r1",), {"noise": 0.1, "pack": 2}),
}
_INFERRING: dict[str, dict[str, Any]] = {
    "vae": {"warmup": 10},
    "iwae": {},
    "vae_gan": {"gates": True},
    "bigan": {},
    "aae": {},
    "infogan": {},
}


def claims() -> list[Claim]:
    """For each player of some games, and for all of each game with an encoder."""
    return [
        Claim(
            f"{words}: the {player}'s loss compiled (aot_eager) equals eager, and so do its gradients",
            "definition",
            "equal",
            partial(_compiled, words, index),
            _GAMES[words][1] or (_GAMES[words][0],),
        )
        for words in _GAMES
        for index, player in enumerate(("critic", "generator"))
    ] + [
        Claim(
            f"{name}: every player's loss compiled (aot_eager) equals eager, and so do its gradients",
            "definition",
            "equal",
            partial(_all_compiled, name),
            (name,),
        )
        for name in _INFERRING
    ]


def _compiled(words: str, index: int) -> Answer:
    divergence, penalties, options = _GAMES[words]
    game = small_game(DIVERGENCES[divergence](), {name: PENALTIES[name]() for name in penalties}, **options)
    return _alike(game, game.players[index])


def _all_compiled(name: str) -> Answer:
    game = inferring_game(name, **_INFERRING[name])
    answers = [_alike(game, player) for player in game.players]
    return next((answer for answer in answers if not answer.passed), answers[0])


def _alike(game: Game, player: Player) -> Answer:
    def fresh() -> Callable[[], Tensor]:
        play = play_of(game)
        reseed(1)
        play.z  # noqa: B018 - drawn before, so that both see the same
        return lambda: torch.stack(list(player.loss(play).values())).sum()

    with game.only(player):
        return compiled_equals_eager(fresh, game.parameters(player), f"the {player.name}'s loss")
