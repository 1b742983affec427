"""The Dirac-GAN (Mescheder et al. 2018) played by the real loop: data at 0, a generator that is one point, a line."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.priors import PRIORS
from equilibria.data import Data, Stream
from equilibria.data.spaces import Plane
from equilibria.games import GAMES
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.training.average import Average
from equilibria.training.loop import run_rounds
from equilibria.training.run import Run


class Origin(Plane):
    """All the data at 0, in double precision."""

    def encode(self, raw):
        return raw.double()[:, :1] * 0


class Point(nn.Module):
    """A generator that always answers theta."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(1.0, dtype=torch.float64))

    def forward(self, z, y=None):
        return self.theta.expand(len(z), 1)


class Line(nn.Module):
    """A critic of slope psi."""

    def __init__(self):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(-1.0, dtype=torch.float64))

    def forward(self, x):
        return (self.psi * x).squeeze(1)


def distance(divergence, penalties=None, clip=None, rounds=500, rate=0.2):
    """|(theta, psi)| after some rounds, the critic moving first."""
    game = GAMES["gan"](Point(), Line(), PRIORS["normal"](1), DIVERGENCES[divergence](), penalties or {}, clip=clip)
    data = Data("origin", Origin(), torch.zeros(4, 2), torch.zeros(4, 2))
    optimizers = {p.optimizer: torch.optim.SGD(game.parameters(p), lr=rate) for p in game.players}
    run = run_rounds(Run(game, Stream(data, size=2), optimizers, Average(game.networks)), rounds)
    return math.hypot(float(run.game.networks["generator"].theta), float(run.game.networks["critic"].psi))


def test_without_a_penalty_the_gan_circles():
    assert distance("minimax") == pytest.approx(1.413, rel=0.01)


def test_clipping_does_not_stop_the_wgan():
    assert distance("wasserstein", clip=1.0) == pytest.approx(0.985, rel=0.01)


def test_slope_one_does_not_stop_the_wgan():
    assert distance("wasserstein", {"slope": PENALTIES["gradient_penalty"](weight=0.35)}) == pytest.approx(
        1.280, rel=0.01
    )


@pytest.mark.parametrize(("weight", "expected"), [(0.3, 2.383e-7), (1.0, 8.489e-17)])
def test_flat_on_the_data_contracts(weight, expected):
    reached = distance("minimax", {"r1": PENALTIES["r1"](weight=weight)})
    assert math.log10(reached) == pytest.approx(math.log10(expected), abs=0.05)
