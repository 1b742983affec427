"""Games of a few numbers, in double precision, played by the real engine."""

import torch
from torch import nn
from torch.nn.functional import softplus

from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.data import Data, Stream
from equilibria.data.spaces import Plane
from equilibria.games import GAMES
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES
from equilibria.training.run import Average, Run
from equilibria.training.update_rules import RULES

RATE = 0.2
BENT = {"theta": (0.7, -0.4), "psi": (0.9, -0.3), "data": (0.5, -1.0, 2.0, 0.25, 1.5, -0.75, 0.1, -2.0), "batch": 8}
R1, R2, GAMMA = 0.8, 0.6, 0.3


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
    optimizer=lambda parameters: torch.optim.SGD(parameters, lr=RATE),
    weight=None,
    batch=2,
    **options,
):
    """A run of gradient descent, rate 0.2: the Dirac-GAN (Mescheder et al. 2018) unless more is said."""
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


def bent(rule, penalties=None, **fields):
    """Minimax, a generator theta_0 + theta_1 z, a critic psi_1 x + psi_2 x^2, flat on data and samples."""
    flat = {"r1": PENALTIES["r1"](weight=R1), "r2": PENALTIES["r2"](weight=R2)}
    return scalars("minimax", rule, flat if penalties is None else penalties, **BENT | fields)


def field(w, x, z):
    """Its joint gradient at w = (theta, psi) by autograd on the formulas: (4,)."""
    w = w if w.requires_grad else w.detach().requires_grad_()
    scores, slopes = lambda t: w[2] * t + w[3] * t**2, lambda t: w[2] + 2 * w[3] * t
    fake = w[0] + w[1] * z
    flat = R1 / 2 * slopes(x).square().mean() + R2 / 2 * slopes(fake).square().mean()
    critic = softplus(-scores(x)).mean() + softplus(scores(fake)).mean() + flat
    generator = -softplus(scores(fake)).mean()
    gradients = [torch.autograd.grad(loss, w, create_graph=True)[0] for loss in (generator, critic)]
    return torch.cat([gradients[0][:2], gradients[1][2:]])
