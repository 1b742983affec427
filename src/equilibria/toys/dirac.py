"""The Dirac-GAN (Mescheder et al. 2018), played by the library's own loop, and games of small smooth networks."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.posteriors import Gaussian
from ..core.priors import PRIORS
from ..core.types import Batch
from ..data import Data, Stream
from ..data.spaces import Plane
from ..games import GAMES, traits_of
from ..games.game import Game, Player
from ..games.play import Play
from ..terms.divergences import DIVERGENCES, Divergence
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import Penalty
from ..training.loop import run_rounds
from ..training.run import Average, Run
from ..training.update_rules import Rule
from .critics import Network, SmoothCritic, noise

START, RATE = (1.0, -1.0), 0.2  # theta, psi; of gradient descent
SAMPLE, LATENT = (6,), 3  # shapes of the smooth networks


class Origin(Plane):
    """All the data at 0, in double precision."""

    def encode(self, raw: Tensor) -> Tensor:
        """(N, 1)."""
        return raw.double()[:, :1] * 0


def dirac_game(divergence: Divergence, penalties: Mapping[str, Penalty], **options: Any) -> Game:
    """Every sample is theta, and its score psi x."""
    theta, psi = (torch.tensor(start, dtype=torch.float64) for start in START)
    generator = Network(lambda net, z, y=None: net.theta.expand(len(z), 1), theta=theta)
    critic = Network(lambda net, x: (net.psi * x).squeeze(1), psi=psi)
    return GAMES["gan"](generator, critic, PRIORS["normal"](1), divergence, penalties, **options)


Optimization = Callable[[list[nn.Parameter]], Optimizer]
gradient_descent: Optimization = partial(torch.optim.SGD, lr=RATE)


def end_point(
    game: Game, rule: Rule, rounds: int, batch: int = 2, optimizer: Optimization = gradient_descent
) -> tuple[float, float]:
    """theta and psi after some rounds of the library's loop."""
    theta, psi = _play(game, rule, rounds, batch, optimizer)[-1]
    return theta, psi


def path(
    game: Game, rule: Rule, rounds: int, start: tuple[float, float] = START, lr: float = RATE, batch: int = 2
) -> Tensor:
    """theta and psi before the first round and after each, of gradient descent: (rounds + 1, 2)."""
    with torch.no_grad():
        for weight, value in zip(game.networks.parameters(), start, strict=True):
            weight.fill_(value)
    places = [start, *_play(game, rule, rounds, batch, partial(torch.optim.SGD, lr=lr), every=True)]
    return torch.tensor(places, dtype=torch.float64)


def _play(
    game: Game, rule: Rule, rounds: int, batch: int, optimizer: Optimization, every: bool = False
) -> list[tuple[float, ...]]:
    """theta and psi at the end of the library's loop, or after every round."""
    data = Data("origin", Origin(), torch.zeros(2 * batch, 2), torch.zeros(4, 2))
    optimizers = {p.optimizer: optimizer(game.parameters(p)) for p in game.players}
    run = Run(game, Stream(data, size=batch), optimizers, Average(game.networks), rule=rule)
    places = list[tuple[float, ...]]()

    def note(run: Run) -> None:
        places.append(tuple(float(weight.detach()) for weight in run.game.networks.parameters()))

    run_rounds(run, rounds, [note] if every else [])
    note(run)
    return places[:rounds] if every else places


def _smooth_generator() -> nn.Module:
    """(B, 3) to samples (B, 6)."""
    layers = nn.Sequential(nn.Linear(LATENT, 8), nn.Tanh(), nn.Linear(8, *SAMPLE))
    return Network(lambda net, z, y=None: net.layers(z.double()), layers=layers)


def _smooth_encoder() -> nn.Module:
    """(B, 6) to a posterior over (B, 3)."""
    layers = nn.Sequential(nn.Linear(*SAMPLE, 8), nn.Tanh(), nn.Linear(8, 2 * LATENT))
    return Network(lambda net, x, y=None: Gaussian(*net.layers(x).chunk(2, dim=1)), layers=layers)


def small_game(divergence: Divergence, penalties: Mapping[str, Penalty], **options: Any) -> Game:
    """A GAN of a smooth generator and a smooth critic."""
    torch.manual_seed(0)
    critic = SmoothCritic(SAMPLE[0] * options.get("pack", 1))
    return GAMES["gan"](_smooth_generator(), critic, PRIORS["normal"](LATENT), divergence, penalties, **options)


def encoder_game(name: str, divergence: Divergence | None = None, **options: Any) -> Game:
    """A game with a smooth encoder; its critic, if any, has the non-saturating losses unless a divergence is given."""
    torch.manual_seed(0)
    traits = traits_of(GAMES[name])
    inputs = {"pairs": SAMPLE[0] + LATENT, "latents": LATENT, "samples": SAMPLE[0]}[traits.critic_input]
    code = [{"name": "categorical", "classes": 2}, {"name": "uniform", "size": 1}]
    prior = PRIORS["joint"](code) if traits.encoder_output == "code" else PRIORS["normal"](LATENT)
    parts = {
        "generator": _smooth_generator(),
        "encoder": _smooth_encoder(),
        "critic": SmoothCritic(inputs),
        "likelihood": LIKELIHOODS["gaussian"](nn.Identity()).double(),
        "prior": replace(prior, _draw=lambda count, **on: prior.draw(count, **on).double()),
        "divergence": divergence or DIVERGENCES["non_saturating"](),
        "penalties": {},
    }
    parameters = inspect.signature(GAMES[name]).parameters
    return GAMES[name](**{part: value for part, value in parts.items() if part in parameters} | options)


def play_of(game: Game, count: int = 16) -> Play:
    """One step's material, of a batch of fixed samples."""
    return Play(game.networks, Batch(noise(count, 3, SAMPLE)), game.prior)


def total_loss(player: Player, play: Play) -> Tensor:
    """The sum of the player's terms: ()."""
    return torch.stack(list(player.loss(play).values())).sum()
