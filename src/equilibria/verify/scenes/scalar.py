"""The Dirac-GAN (Mescheder et al. 2018): data at 0, a generator that is one point theta, a critic of slope psi."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...core.priors import PRIORS
from ...data import Data, Stream
from ...data.spaces import Plane
from ...games import GAMES
from ...games.game import Game
from ...terms.divergences import Divergence
from ...terms.penalties import Penalty
from ...training.average import Average
from ...training.loop import run_rounds
from ...training.rules import RULES, Rule
from ...training.run import Run

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
