"""Linear autoencoder, probabilistic PCA and linear BiGAN."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ...core.posteriors import Gaussian, Point
from ...core.priors import PRIORS
from ...core.types import Batch
from ...games import GAMES
from ...games.game import Game
from ...games.play import Play
from ...games.vae import gaussian
from ...terms.divergences import DIVERGENCES
from ...terms.likelihoods import LIKELIHOODS
from .critics import noise

SAMPLE, LATENT, COUNT = 5, 2, 64
_DEVIATIONS = (2.0, 1.2, 0.6, 0.5, 0.4)  # of the data, along directions of their own


class Decoder(nn.Module):
    """A generator: W z + m."""

    def __init__(self, weight: Tensor, bias: Tensor):
        super().__init__()
        self.weight, self.bias = nn.Parameter(weight), nn.Parameter(bias)

    def raw(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z) -> (B, D)."""
        return z.double() @ self.weight.T + self.bias

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The same: there is no outlet."""
        return self.raw(z)


class Encoder(nn.Module):
    """Means V (x - m), and variances that are the same for all samples."""

    def __init__(self, weight: Tensor, centre: Tensor, log_variance: Tensor):
        super().__init__()
        self.weight, self.centre = nn.Parameter(weight), nn.Parameter(centre)
        self.log_variance = nn.Parameter(log_variance)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Gaussian:
        """(B, D) -> over (B, Z)."""
        mean = (x - self.centre) @ self.weight.T
        return Gaussian(mean, self.log_variance.expand_as(mean))


class Components(NamedTuple):
    """What maximizes the likelihood: the mean (D,), the weights (D, Z) and the variance of the noise ()."""

    mean: Tensor
    weight: Tensor
    variance: Tensor


def samples() -> Tensor:
    """The data: (N, D)."""
    turn = torch.linalg.qr(noise(SAMPLE, 5, (SAMPLE,)))[0]
    return noise(COUNT, 6, (SAMPLE,)) * torch.tensor(_DEVIATIONS, dtype=torch.float64) @ turn + 1


def components(x: Tensor) -> Components:
    """From the eigenvalues of the covariance of data (N, D) (Tipping and Bishop 1999, eqs. 7 and 8)."""
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    values, vectors = values.flip(0), vectors.flip(1)
    variance = values[LATENT:].mean()
    return Components(x.mean(dim=0), vectors[:, :LATENT] * (values[:LATENT] - variance).sqrt(), variance)


def greatest_likelihood(x: Tensor) -> float:
    """log p of data (N, D) at its maximum, nats per sample (Tipping and Bishop 1999, after eq. 6)."""
    values = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    left = values[LATENT:].mean().log() * (SAMPLE - LATENT)
    return -float(SAMPLE * math.log(2 * math.pi) + values[:LATENT].log().sum() + left + SAMPLE) / 2


def at_the_best(x: Tensor) -> nn.ModuleDict:
    """The autoencoder that maximizes the likelihood, with the encoder that knows its posterior (Lucas et al. 2019)."""
    mean, weight, variance = components(x)
    precision = weight.T @ weight / variance + torch.eye(LATENT).double()
    answer = torch.linalg.solve(precision, weight.T) / variance
    return _networks(mean, weight, variance.sqrt(), answer, -precision.diagonal().log())


def elsewhere() -> nn.ModuleDict:
    """An autoencoder that knows nothing yet."""
    weight, answer = 0.3 * noise(SAMPLE, 7, (LATENT,)), 0.3 * noise(LATENT, 8, (SAMPLE,))
    return _networks(torch.zeros(SAMPLE).double(), weight, torch.ones(()), answer, torch.zeros(LATENT).double())


def log_density(networks: nn.ModuleDict, x: Tensor) -> Tensor:
    """log p of data (N, D) under a linear model, in closed form: (N,)."""
    learned = dict(networks.named_parameters())
    weight, variance = learned["generator.weight"], (2 * learned["likelihood.log_noise"]).exp()
    spread = weight @ weight.T + variance * torch.eye(SAMPLE).double()
    return torch.distributions.MultivariateNormal(learned["generator.bias"], spread).log_prob(x)


def autoencoder(networks: nn.ModuleDict, name: str = "vae", **options: float) -> Game:
    """The game of these networks."""
    return GAMES[name](**networks, prior=PRIORS["normal"](LATENT), **options)


def without_chance(networks: nn.ModuleDict, x: Tensor) -> Play:
    """A play whose codes have the posterior's mean and variance exactly, for data (N, D) so many times: (2 Z N, D).

    A mean over +-sqrt(Z) in each coordinate is the expectation of anything quadratic, as a linear model's likelihood.
    """
    play = Play(networks, Batch(x.repeat(2 * LATENT, 1)), PRIORS["normal"](LATENT))
    at = math.sqrt(LATENT) * torch.cat([torch.eye(LATENT), -torch.eye(LATENT)]).double()
    found = gaussian(play.posterior)
    play.code = found.mean + (found.log_variance / 2).exp() * at.repeat_interleave(len(x), dim=0)
    return play


def elbo(networks: nn.ModuleDict, x: Tensor) -> Tensor:
    """The lower bound on log p of data (N, D), by the game's own loss, nats per sample: ()."""
    (player,) = autoencoder(networks).players
    return -torch.stack(list(player.loss(without_chance(networks, x)).values())).sum()


def _networks(mean: Tensor, weight: Tensor, deviation: Tensor, answer: Tensor, log_variance: Tensor) -> nn.ModuleDict:
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=float(deviation)).double()
    likelihood.log_noise.data.fill_(math.log(float(deviation)))
    return nn.ModuleDict(
        {
            "generator": Decoder(weight, mean.clone()),
            "encoder": Encoder(answer, mean.clone(), log_variance),
            "likelihood": likelihood,
        }
    )


_COUNT, _BLUR = 64, 0.3  # samples, and the deviation of the noise behind which the critic sees pairs
TRUTH = torch.tensor([[1.2, 0.3], [-0.4, 0.8]], dtype=torch.float64)  # data are this times standard normals


class Linear(nn.Module):
    """A generator, A z."""

    def __init__(self, weight: Tensor):
        super().__init__()
        self.weight = nn.Parameter(weight.clone())

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, 2) -> (B, 2)."""
        return z @ self.weight.T


class Inverse(Linear):
    """An encoder, C x."""

    def forward(self, x: Tensor, y: Tensor | None = None) -> Point:  # type: ignore[override]
        """(B, 2) -> over (B, 2)."""
        return Point(x @ self.weight.T)


class Knowing(nn.Module):
    """A critic of pairs whose score is their log likelihood ratio, seen through a little noise."""

    def __init__(self) -> None:
        super().__init__()
        self.curve = nn.Parameter(torch.zeros(4, 4, dtype=torch.float64))
        self.level = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        """(B, 2), (B, 2) -> (B,)."""
        pair = torch.cat([x, z], dim=1)
        return self.level + (pair @ self.curve * pair).sum(dim=1)

    def learn(self, play: Play) -> None:
        """Score normal pairs by log p(real) - log p(fake), each with its own covariance."""
        real, fake = _spread(play.x, play.code).detach(), _spread(play.fake, play.z).detach()
        self.curve.data = (torch.linalg.inv(fake) - torch.linalg.inv(real)) / 2
        self.level.data = (torch.logdet(fake) - torch.logdet(real)) / 2


def pair_game(generator: Tensor, encoder: Tensor, answer: str) -> Game:
    """A generator and an encoder with these weights (2, 2), who answer by "exchange" or "minus"."""
    divergence = DIVERGENCES["non_saturating" if answer == "exchange" else "minimax"]()
    return GAMES["bigan"](
        Linear(generator), Inverse(encoder), Knowing(), PRIORS["normal"](2), divergence, {}, answer=answer
    )


def pull(game: Game) -> Tensor:
    """The pair's gradient before the best critic: (8,)."""
    play = _play(game)
    game.networks["critic"].learn(play)  # type: ignore[operator]
    pair = game.players[-1]
    loss = torch.stack(list(pair.loss(play).values())).sum()
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, game.parameters(pair))])


def played_out(game: Game, rounds: int = 300, lr: float = 0.03) -> Tensor:
    """What the encoder makes of what the generator makes of latents, in the end: a matrix (2, 2)."""
    pair = game.parameters(game.players[-1])
    optimizer = torch.optim.Adam(pair, lr=lr, betas=(0.5, 0.9))
    for step in range(rounds):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / rounds)
        gradient = pull(game)
        for weight, part in zip(pair, gradient.split(4), strict=True):
            weight.grad = part.view_as(weight)
        optimizer.step()
    with torch.no_grad():
        backwards, forwards = (dict(game.networks[role].named_parameters()) for role in ("encoder", "generator"))
        return backwards["weight"] @ forwards["weight"]


def _play(game: Game) -> Play:
    """Data and latents whose covariances are exactly those that they are drawn with."""
    play = Play(game.networks, Batch(_whitened(1) @ TRUTH.T), game.prior)
    play.z = _whitened(2)
    return play


def _whitened(seed: int) -> Tensor:
    drawn = noise(_COUNT, seed, (2,))
    drawn = drawn - drawn.mean(dim=0)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(drawn.T @ drawn / len(drawn)), drawn.T, upper=False).T


def _spread(x: Tensor, z: Tensor) -> Tensor:
    pair = torch.cat([x, z], dim=1)
    return pair.T @ pair / len(pair) + _BLUR**2 * torch.eye(4, dtype=torch.float64)
