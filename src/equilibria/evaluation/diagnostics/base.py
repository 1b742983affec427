"""The input and output of diagnostics, and the function that runs them all."""

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...games.contest import Contest
from ...games.game import Game, Player
from ...games.play import Play

Values = dict[str, object]  # plain values for JSON: numbers, lists of numbers, dictionaries of them
Gradients = list[Tensor]  # one for each of a player's parameters


@dataclass(frozen=True)
class GameState:
    """A game in training, with the batches to measure it on, all independent of the run."""

    game: Game  # its networks in training mode: batch norm uses batches of the usual size
    optimizers: Mapping[str, Optimizer]  # with their moments, by Player.optimizer
    averaged: nn.ModuleDict  # networks with moving averages of the weights, also in training mode
    play: Callable[[int], Play]  # of the i-th step from now: always the same for a round
    held_out_play: Callable[[int], Play]  # the same, of held-out samples
    train: Tensor  # some training samples, the same at every round: (N, *sample)
    held_out: Tensor  # held-out samples: (M, *sample)
    fake: Tensor  # of the averaged generator: (K, *sample)
    batches: int = 4  # that are scored
    centers: Tensor | None = None  # of the data's modes, else the means of its classes: (C, *sample)
    std: float | None = None  # of each of the modes
    encoder_inverts: bool = True  # whether the encoder, if there is one, returns whole latents

    @property
    def contest(self) -> Contest | None:
        """The game's contest without penalties; None without a critic or if its scores are not trained."""
        return None if self.game.contest is None else replace(self.game.contest, penalties={})

    @cached_property
    def gradients(self) -> dict[str, Gradients]:
        """Each player's gradient on the first play, by name."""
        result = {}
        for player in self.game.players:
            with self.restoring_buffers():
                result[player.name] = self.gradient(player, self.play(0))
        return result

    def gradient(self, player: Player, play: Play) -> Gradients:
        """The gradient of a player's loss on a play."""
        parameters = self.game.parameters(player)
        with self.game.only(player):
            loss = torch.stack(list(player.loss(play).values())).sum()
            return list(torch.autograd.grad(loss, parameters, materialize_grads=True))

    @cached_property
    def steps(self) -> dict[str, Gradients]:
        """The step of each player's optimizer along that gradient: the change of its parameters."""
        result, gradients = {}, self.gradients
        for player in self.game.players:
            parameters: Gradients = list(self.game.parameters(player))
            before = [parameter.detach().clone() for parameter in parameters]
            with self.restoring(player), torch.no_grad():
                self.step(player, gradients[player.name])
                result[player.name] = list(torch._foreach_sub(parameters, before))
        return result

    def step(self, player: Player, gradients: Gradients) -> None:
        """One step of the player's optimizer along these gradients."""
        optimizer = self.optimizers[player.optimizer]
        for parameter, gradient in zip(self.game.parameters(player), gradients, strict=True):
            parameter.grad = gradient.clone()
        optimizer.step()
        optimizer.zero_grad()

    @contextmanager
    def restoring_buffers(self) -> Iterator[None]:
        """Restore all buffers afterwards: batch statistics, and the states of losses."""
        modules = self.game.networks, self.game.memories, self.averaged
        buffers = [buffer for module in modules for buffer in module.buffers()]
        before = [buffer.clone() for buffer in buffers]
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, was in zip(buffers, before, strict=True):
                    buffer.copy_(was)

    @contextmanager
    def restoring(self, player: Player) -> Iterator[None]:
        """Restore a player's networks, its optimizer and the states of losses afterwards."""
        modules = [self.game.memories, *(self.game.networks[name] for name in player.networks)]
        optimizer = self.optimizers[player.optimizer]
        before, moments = [deepcopy(module.state_dict()) for module in modules], deepcopy(optimizer.state_dict())
        try:
            yield
        finally:
            for module, state in zip(modules, before, strict=True):
                module.load_state_dict(state)
            optimizer.load_state_dict(moments)


Diagnostic = Callable[[GameState], Values]  # empty if the game does not allow it


class Diagnosis(NamedTuple):
    """The results of all diagnostics, by name."""

    values: dict[str, Any]
    errors: dict[str, str]  # one sentence for each that failed


def diagnose(state: GameState, diagnostics: Mapping[str, Diagnostic], reseed: Callable[[str], None]) -> Diagnosis:
    """Run the diagnostics, each on the same state with its own random numbers; an error in one does not stop others."""
    diagnosis = Diagnosis({}, {})
    for name, diagnostic in diagnostics.items():
        reseed(name)
        try:
            with state.restoring_buffers():
                values = plain(diagnostic(state))
        except Exception as error:  # parts of the game may be a user's own
            diagnosis.errors[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            continue
        if values:
            diagnosis.values[name] = values
    return diagnosis


def plain(value: Any) -> Any:
    """The same as JSON values, numbers to six digits; those that are not finite are None."""
    if isinstance(value, Tensor):
        return plain(value.tolist())
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else None
    return value
