"""The steps of a move: draw, score, differentiate, step."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.distributed import average_, rank
from ..core.seeding import reseed
from ..games.game import Player
from ..games.play import Play

if TYPE_CHECKING:
    from .run import Run

Players = tuple[Player, ...]
Gradients = list[Tensor | None]  # one for each of a player's parameters; none where its loss does not reach


def move(run: "Run", players: Players) -> None:
    """Some players step at once, each along its own gradient at the same point and on the same draw."""
    step(run, players, differentiate(run, players))


def draw(run: "Run") -> Play:
    """The material of the next draw. Latents come first, whoever looks: who move at once are to see the same."""
    reseed(run.seed, run.draws, rank())
    batch, known = run.stream.batch(run.draws), run.stream.labelled_batch(run.draws)
    play = Play(run.game.networks, batch, run.game.prior, run.step, known)
    play.noise  # noqa: B018
    return play


def score(run: "Run", player: Player, play: Play) -> Tensor:
    """What a player loses, noted term by term or in the player's own figures: ()."""
    with run.autocast():
        terms = player.loss(play)
        told = player.report(play, terms) if player.report else terms
    run.statistics.add(player.name, told)
    return torch.stack(list(terms.values())).sum()


def differentiate(run: "Run", players: Players) -> list[Gradients]:
    """Each player's gradient where the networks are now, all on one draw: every other network is frozen meanwhile."""
    gradients = []
    for player in players:
        play, parameters = draw(run), run.game.parameters(player)
        with run.game.only(player):
            score(run, player, play).backward(inputs=parameters)
        gradients.append(take_gradients(parameters))
    run.draws += 1
    average_([g for each in gradients for g in each if g is not None])
    return gradients


def step(run: "Run", players: Players, gradients: Sequence[Gradients]) -> None:
    """Each optimizer steps once, along the sum of its players' gradients; then the constraints hold again."""
    for key in dict.fromkeys(player.optimizer for player in players):
        for player, own in zip(players, gradients, strict=True):
            if player.optimizer == key:
                _set_gradients(run.game.parameters(player), own)
                optimizer = run.optimizer(player)
        optimizer.step()
        optimizer.zero_grad()
    for player in players:
        run.game.constrain(player)


def take_gradients(parameters: Sequence[Tensor]) -> Gradients:
    """What `backward` left at the parameters, which are clear afterwards."""
    gradients = [p.grad for p in parameters]
    for parameter in parameters:
        parameter.grad = None
    return gradients


def _set_gradients(parameters: Sequence[Tensor], gradients: Gradients) -> None:
    for parameter, gradient in zip(parameters, gradients, strict=True):
        if gradient is not None:
            parameter.grad = gradient if parameter.grad is None else parameter.grad + gradient
