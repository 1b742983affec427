"""A game small enough to look at every gradient in it."""

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS
from ...core.types import Batch
from ...games import GAMES, traits_of
from ...games.game import Game
from ...games.play import Play
from ...terms.divergences import DIVERGENCES, Divergence
from ...terms.likelihoods import LIKELIHOODS
from ...terms.penalties import Penalty
from .critics import Curved, noise

SAMPLE, LATENT = (6,), 3


class Maker(nn.Module):
    """A smooth generator."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(LATENT, 8), nn.Tanh(), nn.Linear(8, *SAMPLE)).double()

    def raw(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """Samples: (B, 6)."""
        return self.layers(z.double())

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The same: there is no outlet."""
        return self.raw(z)


class Finder(nn.Module):
    """A smooth encoder."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(*SAMPLE, 8), nn.Tanh(), nn.Linear(8, 2 * LATENT)).double()

    def forward(self, x: Tensor, y: Tensor | None = None) -> Gaussian:
        """(B, 6) -> over (B, 3)."""
        return Gaussian(*self.layers(x).chunk(2, dim=1))


def small_game(divergence: Divergence, penalties: Mapping[str, Penalty], **options: Any) -> Game:
    """A contest of a divergence, with penalties, between a smooth generator and a smooth critic."""
    torch.manual_seed(0)
    critic = Curved(SAMPLE[0] * options.get("pack", 1))
    return GAMES["gan"](Maker(), critic, PRIORS["normal"](LATENT), divergence, penalties, **options)


def inferring_game(
    name: str, divergence: Divergence | None = None, penalties: Mapping[str, Penalty] | None = None, **options: Any
) -> Game:
    """A game with a smooth encoder: the non-saturating one without penalties, where somebody competes."""
    torch.manual_seed(0)
    traits = traits_of(GAMES[name])
    seen = {"pairs": SAMPLE[0] + LATENT, "latents": LATENT, "samples": SAMPLE[0]}[traits.critic_input]
    code = [{"name": "categorical", "classes": 2}, {"name": "uniform", "size": 1}]
    prior = PRIORS["joint"](code) if traits.encoder_output == "code" else PRIORS["normal"](LATENT)
    given = {
        "generator": Maker(),
        "encoder": Finder(),
        "critic": Curved(seen),
        "likelihood": LIKELIHOODS["gaussian"](nn.Identity()).double(),
        "prior": replace(prior, _draw=lambda *how: prior.draw(*how).double()),
        "divergence": divergence or DIVERGENCES["non_saturating"](),
        "penalties": penalties or {},
    }
    wanted = inspect.signature(GAMES[name]).parameters
    return GAMES[name](**{part: value for part, value in given.items() if part in wanted}, **options)


def play_of(game: Game, count: int = 16) -> Play:
    """The material of one move."""
    return Play(game.networks, Batch(noise(count, 3, SAMPLE)), game.prior)
