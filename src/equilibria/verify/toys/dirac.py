"""The Dirac-GAN and other toy games."""

import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS
from ...core.types import Batch
from ...data import Data, Stream
from ...data.spaces import Plane
from ...games import GAMES, traits_of
from ...games.game import Game
from ...games.play import Play
from ...terms.divergences import DIVERGENCES, Divergence
from ...terms.likelihoods import LIKELIHOODS
from ...terms.penalties import Penalty
from ...training.loop import run_rounds
from ...training.run import Average, Run
from ...training.update_rules import RULES, Rule
from .critics import Curved, noise

START, RATE = (1.0, -1.0), 0.2  # theta, psi; of descent
Descent = Callable[[list[nn.Parameter]], Optimizer]


def plain(parameters: list[nn.Parameter]) -> Optimizer:
    """Gradient descent."""
    return torch.optim.SGD(parameters, lr=RATE)


class Origin(Plane):
    """All the data at 0, in double precision."""

    def encode(self, raw: Tensor) -> Tensor:
        """(N, 1)."""
        return raw.double()[:, :1] * 0


class Point(nn.Module):
    """A generator that always answers theta."""

    def __init__(self) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(START[0], dtype=torch.float64))

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 1)."""
        return self.theta.expand(len(z), 1)


class Line(nn.Module):
    """A critic of slope psi."""

    def __init__(self) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(START[1], dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """(B,)."""
        return (self.psi * x).squeeze(1)


def game_of(divergence: Divergence, penalties: Mapping[str, Penalty], **options: Any) -> Game:
    """The point against the line."""
    return GAMES["gan"](Point(), Line(), PRIORS["normal"](1), divergence, penalties, **options)


def played(
    divergence: Divergence,
    penalties: Mapping[str, Penalty] | None = None,
    rule: Rule | None = None,
    rounds: int = 500,
    batch: int = 2,
    descent: Descent = plain,
    **options: Any,
) -> tuple[float, float]:
    """theta and psi after some rounds of the real loop at rate 0.2, the critic moving first."""
    game = game_of(divergence, penalties or {}, **options)
    data = Data("origin", Origin(), torch.zeros(2 * batch, 2), torch.zeros(4, 2))
    optimizers = {p.optimizer: descent(game.parameters(p)) for p in game.players}
    rule = rule or RULES["alternating"]()
    run = Run(game, Stream(data, size=batch), optimizers, Average(game.networks), rule=rule)
    run_rounds(run, rounds)
    theta, psi = (float(weight.detach()) for weight in game.networks.parameters())
    return theta, psi


def distance(divergence: Divergence, penalties: Mapping[str, Penalty] | None = None, **settings: Any) -> float:
    """|(theta, psi)| after some rounds: it starts at the root of 2."""
    return math.hypot(*played(divergence, penalties, **settings))


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
