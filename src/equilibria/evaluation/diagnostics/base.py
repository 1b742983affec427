"""What diagnostics receive and return, and the function that runs them all."""

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
from ...terms.penalties import Duel

Values = dict[
    str, object
]  # plain values for JSON: numbers, lists of numbers, dictionaries of them; empty: not to be seen
Gradients = list[Tensor]  # a gradient for each of a player's parameters


@dataclass(frozen=True)
class GameState:
    """A game as it stands, and material to look at it with: all of it apart from the run that is looked at."""

    game: Game  # networks, averaged ones too, in training mode: batch norm sees batches as large as when playing
    optimizers: Mapping[str, Optimizer]  # with the moments they have, by Player.optimizer
    averaged: nn.ModuleDict  # networks as a moving average keeps them
    play: Callable[[int], Play]  # the material of the i-th move to come: always the same for the same round
    held_out_play: Callable[[int], Play]  # as much of held-out samples, of which nobody has learned
    train: Tensor  # some training samples, the same at every look: (N, *sample)
    held_out: Tensor  # some that nobody has learned from: (M, *sample)
    fake: Tensor  # the averaged generator's: (K, *sample)
    batches: int = 4  # so many batches are scored
    centers: Tensor | None = None  # of the data's modes, else the means of their classes: (C, *sample)
    std: float | None = None  # around each of the modes
    encoder_inverts: bool = True  # whether the encoder, if there is one, answers whole latents of samples

    @property
    def contest(self) -> Contest | None:
        """What the critic judges, without what it pays; None where there is no critic, or its scores teach nothing."""
        return None if self.game.contest is None else replace(self.game.contest, penalties={})

    def duel(self, play: Play) -> Duel:
        """The contest carried out on a play. Only where there is one."""
        assert self.contest is not None
        return self.contest.duel(play)

    @cached_property
    def gradients(self) -> dict[str, Gradients]:
        """Each player's gradient on the first play, by name."""
        found = {}
        for player in self.game.players:
            with self.restoring_buffers():
                found[player.name] = self.gradient(player, self.play(0))
        return found

    def gradient(self, player: Player, play: Play) -> Gradients:
        """What a player's loss on a play asks of its parameters."""
        parameters = self.game.parameters(player)
        with self.game.only(player):
            loss = torch.stack(list(player.loss(play).values())).sum()
            return list(torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True))

    @cached_property
    def steps(self) -> dict[str, Gradients]:
        """The step that each player's optimizer would take along that gradient: by how much its parameters change."""
        found, pulls = {}, self.gradients
        for player in self.game.players:
            parameters: Gradients = list(self.game.parameters(player))
            before = [parameter.detach().clone() for parameter in parameters]
            with self.restoring(player), torch.no_grad():
                self.step(player, pulls[player.name])
                found[player.name] = list(torch._foreach_sub(parameters, before))
        return found

    def step(self, player: Player, pulls: Gradients) -> None:
        """Let the player's optimizer take one step along these gradients."""
        optimizer = self.optimizers[player.optimizer]
        for parameter, pull in zip(self.game.parameters(player), pulls, strict=True):
            parameter.grad = pull.clone()
        optimizer.step()
        optimizer.zero_grad()

    @contextmanager
    def restoring_buffers(self) -> Iterator[None]:
        """Put buffers back afterwards: batch statistics, and what losses remember."""
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
        """Put a player's networks, its optimizer and what losses remember back to where they were."""
        modules = [self.game.memories, *(self.game.networks[name] for name in player.networks)]
        optimizer = self.optimizers[player.optimizer]
        before, moments = [deepcopy(module.state_dict()) for module in modules], deepcopy(optimizer.state_dict())
        try:
            yield
        finally:
            for module, state in zip(modules, before, strict=True):
                module.load_state_dict(state)
            optimizer.load_state_dict(moments)


Diagnostic = Callable[[GameState], Values]  # empty where the game does not allow it


class Diagnosis(NamedTuple):
    """What was seen, and why something could not be: by diagnostic."""

    values: dict[str, Any]
    errors: dict[str, str]


def diagnose(state: GameState, diagnostics: Mapping[str, Diagnostic], reseed: Callable[[str], None]) -> Diagnosis:
    """What each of them sees; none sees what another has done, and one that breaks costs nobody a run."""
    found = Diagnosis({}, {})
    for name, diagnostic in diagnostics.items():
        reseed(name)
        try:
            with state.restoring_buffers():
                seen = plain(diagnostic(state))
        except Exception as error:  # of parts that anybody may have written
            found.errors[name] = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            continue
        if seen:
            found.values[name] = seen
    return found


def plain(seen: Any) -> Any:
    """The same in values that JSON has, to six digits: what is no finite number is None."""
    if isinstance(seen, Tensor):
        return plain(seen.tolist())
    if isinstance(seen, Mapping):
        return {str(key): plain(value) for key, value in seen.items()}
    if isinstance(seen, list | tuple):
        return [plain(value) for value in seen]
    if isinstance(seen, float):
        return float(f"{seen:.6g}") if math.isfinite(seen) else None
    return seen
