"""Games of a few numbers, in double precision, played by the real engine."""

import torch
from torch import nn

from equilibria.core.priors import PRIORS
from equilibria.core.randomness import reseed
from equilibria.data import Data, Stream
from equilibria.data.spaces import Plane
from equilibria.games import GAMES
from equilibria.terms.divergences import DIVERGENCES
from equilibria.training.average import Average
from equilibria.training.rules import RULES
from equilibria.training.run import Run


class Axis(Plane):
    """The first coordinate alone, in double precision."""

    def encode(self, raw):
        return raw.double()[:, :1]


class Curve(nn.Module):
    """A generator: theta_0 + theta_1 z."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor(theta, dtype=torch.float64))

    def forward(self, z, y=None):
        return sum(theta * z.double() ** n for n, theta in enumerate(self.theta))


class Parabola(nn.Module):
    """A critic: psi_1 x + psi_2 x^2."""

    def __init__(self, psi):
        super().__init__()
        self.psi = nn.Parameter(torch.tensor(psi, dtype=torch.float64))

    def forward(self, x):
        return sum(psi * x.squeeze(1) ** (n + 1) for n, psi in enumerate(self.psi))


def scalars(
    divergence,
    rule="alternating",
    penalties=None,
    theta=(1.0,),
    psi=(-1.0,),
    data=(0.0, 0.0, 0.0, 0.0),
    optimizer=lambda parameters: torch.optim.SGD(parameters, lr=0.2),
    weight=None,
    batch=2,
    **options,
):
    """A run of gradient descent, rate 0.2: the Dirac-GAN (Mescheder et al. 2018) unless theta, psi and data say more."""
    game = GAMES["gan"](
        Curve(theta), Parabola(psi), PRIORS["normal"](1), DIVERGENCES[divergence](), penalties or {}, **options
    )
    raw = torch.tensor([[x, 0.0] for x in data])
    stream = Stream(Data("scalars", Axis(), raw, raw), batch)
    optimizers = {player.optimizer: optimizer(game.parameters(player)) for player in game.players}
    made = RULES[rule]() if weight is None else RULES[rule](weight=weight)
    return Run(game, stream, optimizers, Average(game.networks), rule=made)


def numbers(run):
    """theta, then psi."""
    return torch.cat([run.game.networks["generator"].theta.detach(), run.game.networks["critic"].psi.detach()])


def drawn(run, draw, rank=0):
    """The data and the latents of a draw, each (B,)."""
    reseed(run.seed, draw, rank)
    x = run.stream.batch(draw).x
    return x[:, 0], run.game.prior.draw(len(x), device=x.device)[:, 0].double()
