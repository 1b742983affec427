"""A game small enough to look at every gradient in it."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...core.priors import PRIORS
from ...core.types import Batch
from ...games import GAMES
from ...games.game import Game
from ...games.play import Play
from ...terms.divergences import Divergence
from ...terms.penalties import Penalty
from .critics import Curved, noise

SAMPLE, LATENT = (6,), 3


class Maker(nn.Module):
    """A smooth generator."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LATENT, 8), nn.Tanh(), nn.Linear(8, *SAMPLE)).double()

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Samples: (B, 6)."""
        return self.layers(z.double())


def small_game(divergence: Divergence, penalties: Mapping[str, Penalty], **options: Any) -> Game:
    """A contest of a divergence, with penalties, between a smooth generator and a smooth critic."""
    torch.manual_seed(0)
    critic = Curved(SAMPLE[0] * options.get("pack", 1))
    return GAMES["gan"](Maker(), critic, PRIORS["normal"](LATENT), divergence, penalties, **options)


def play_of(game: Game, count: int = 16) -> Play:
    """The material of one move."""
    return Play(game.networks, Batch(noise(count, 3, SAMPLE)), game.prior)
