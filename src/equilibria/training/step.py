"""The steps of a move: draw, loss, gradient, step."""

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
Gradients = list[Tensor | None]  # one for each parameter of a player; None where its loss does not depend on it


def move(run: "Run", players: Players) -> None:
    """Step some players at once, each along its own gradient at the same point and on the same draw."""
    step(run, players, differentiate(run, players))


def draw(run: "Run") -> Play:
    """The batch and the latents of the next draw; latents come first, so all players of a move get the same."""
    reseed(run.seed, run.draws, rank())
    batch, labelled = run.stream.batch(run.draws), run.stream.labelled_batch(run.draws)
    play = Play(run.game.networks, batch, run.game.prior, run.step, labelled)
    play.noise  # noqa: B018
    return play


def total_loss(run: "Run", player: Player, play: Play) -> Tensor:
    """The sum of the terms of a player's loss, (); the terms, or the player's report, enter the running means."""
    with run.autocast():
        terms = player.loss(play)
        reported = player.report(play, terms) if player.report else terms
    run.statistics.add(player.name, reported)
    return torch.stack(list(terms.values())).sum()


def differentiate(run: "Run", players: Players) -> list[Gradients]:
    """Each player's gradient at the current parameters, all on one draw; the other networks are frozen meanwhile."""
    gradients = []
    for player in players:
        play, parameters = draw(run), run.game.parameters(player)
        with run.game.only(player):
            total_loss(run, player, play).backward(inputs=parameters)
        gradients.append(take_gradients(parameters))
    run.draws += 1
    average_([g for each in gradients for g in each if g is not None])
    return gradients


def step(run: "Run", players: Players, gradients: Sequence[Gradients]) -> None:
    """Step each optimizer once, along the sum of its players' gradients; then apply the constraints."""
    for key in dict.fromkeys(player.optimizer for player in players):
        for player, own in zip(players, gradients, strict=True):
            if player.optimizer == key:
                for p, gradient in zip(run.game.parameters(player), own, strict=True):
                    if gradient is not None:
                        p.grad = gradient if p.grad is None else p.grad + gradient
                optimizer = run.optimizer(player)
        optimizer.step()
        optimizer.zero_grad()
    for player in players:
        run.game.constrain(player)


def take_gradients(parameters: Sequence[Tensor]) -> Gradients:
    """The gradients that `backward` computed; the parameters have none afterwards."""
    gradients = [p.grad for p in parameters]
    for parameter in parameters:
        parameter.grad = None
    return gradients
