"""Scenes for diagnostics: games of few numbers, whose slopes and fields are known."""

import torch
from torch import nn

from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.evaluation.diagnostics import GameState
from equilibria.games import GAMES
from equilibria.games.play import Play
from equilibria.terms.divergences import DIVERGENCES
from equilibria.training.optimizers import OPTIMIZERS


class Plain(nn.Module):
    """A generator that answers its latents, moved and scaled."""

    def __init__(self, size=3, shift=0.0, scale=1.0):
        super().__init__()
        self.shift = nn.Parameter(torch.full((size,), float(shift)))
        self.scale = nn.Parameter(torch.full((size,), float(scale)))

    def forward(self, z, y=None):
        return self.shift + self.scale * z


class Straight(nn.Module):
    """A critic that is a line: w x."""

    def __init__(self, weight):
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([weight], dtype=torch.get_default_dtype()))

    def forward(self, x, y=None):
        return (x @ self.weight.T).squeeze(1)


class Reader(nn.Module):
    """An encoder that answers with a given posterior."""

    def __init__(self, answer):
        super().__init__()
        self.answer, self.unused = answer, nn.Parameter(torch.zeros(1))

    def forward(self, x, y=None):
        return self.answer(x)


def line_game(weight=(3.0, 4.0, 0.0), generator=None, divergence="wasserstein", penalties=None, **options):
    """A linear critic of samples, and a generator of three numbers."""
    generator = Plain(len(weight)) if generator is None else generator
    parts = generator, Straight(weight), PRIORS["normal"](len(weight)), DIVERGENCES[divergence](), penalties or {}
    return GAMES["gan"](*parts, **options)


def scene_of(game, train, held_out=None, optimizer="sgd", batch=16, **fields):
    """A game as it stands; the batches are the rows of `train` and of `held_out`, over and over."""
    held_out = train if held_out is None else held_out

    def plays(rows, place):
        def play(i):
            reseed(0, place, i)
            x = rows[(torch.arange(batch) + i * batch) % len(rows)]
            made = Play(game.networks, Batch(x), game.prior)
            made.noise  # noqa: B018
            return made

        return play

    optimizers = {p.optimizer: OPTIMIZERS[optimizer](game.parameters(p)) for p in game.players}
    seen = {"train": train, "held_out": held_out, "fake": train[:0]} | fields
    averaged = nn.ModuleDict({"generator": game.networks["generator"]})
    return GameState(game, optimizers, seen.pop("averaged", averaged), plays(train, 0), plays(held_out, 1), **seen)
