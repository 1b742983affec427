"""A linear variational autoencoder, which is probabilistic PCA (Tipping and Bishop 1999), and a linear BiGAN."""

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn

from ..core.posteriors import Gaussian, Point
from ..core.priors import PRIORS
from ..core.types import Batch
from ..games import GAMES
from ..games.game import Game
from ..games.play import Play
from ..games.vae import gaussian
from ..terms.divergences import DIVERGENCES
from ..terms.likelihoods import LIKELIHOODS
from .critics import Network, noise
from .dirac import total_loss

SAMPLE, LATENT, COUNT = 5, 2, 64
_STDS = (2.0, 1.2, 0.6, 0.5, 0.4)  # of the data, along its principal axes


class PrincipalComponents(NamedTuple):
    """The maximum-likelihood solution: the mean (D,), the weights (D, Z) and the variance of the noise ()."""

    mean: Tensor
    weight: Tensor
    variance: Tensor


_ROTATION = torch.linalg.qr(noise(SAMPLE, 5, (SAMPLE,)))[0]
DATA = noise(COUNT, 6, (SAMPLE,)) * torch.tensor(_STDS, dtype=torch.float64) @ _ROTATION + 1  # (N, D)


def principal_components(x: Tensor) -> PrincipalComponents:
    """From the eigenvalues of the covariance of data (N, D) (Tipping and Bishop 1999, eqs. 7 and 8)."""
    values, vectors = torch.linalg.eigh(torch.cov(x.T, correction=0))
    values, vectors = values.flip(0), vectors.flip(1)
    variance = values[LATENT:].mean()
    return PrincipalComponents(x.mean(dim=0), vectors[:, :LATENT] * (values[:LATENT] - variance).sqrt(), variance)


def max_log_likelihood(x: Tensor) -> float:
    """log p of data (N, D) at its maximum, nats per sample (Tipping and Bishop 1999, after eq. 6)."""
    values = torch.linalg.eigvalsh(torch.cov(x.T, correction=0)).flip(0)
    rest = values[LATENT:].mean().log() * (SAMPLE - LATENT)
    return -float(SAMPLE * math.log(2 * math.pi) + values[:LATENT].log().sum() + rest + SAMPLE) / 2


def optimal(x: Tensor) -> nn.ModuleDict:
    """The autoencoder that maximizes the likelihood, with the exact posterior as encoder (Lucas et al. 2019)."""
    mean, weight, variance = principal_components(x)
    precision = weight.T @ weight / variance + torch.eye(LATENT).double()
    inverse = torch.linalg.solve(precision, weight.T) / variance
    return _networks(mean, weight, variance.sqrt(), inverse, -precision.diagonal().log())


def untrained() -> nn.ModuleDict:
    """An autoencoder with random weights."""
    weight, inverse = 0.3 * noise(SAMPLE, 7, (LATENT,)), 0.3 * noise(LATENT, 8, (SAMPLE,))
    return _networks(torch.zeros(SAMPLE).double(), weight, torch.ones(()), inverse, torch.zeros(LATENT).double())


def _networks(mean: Tensor, weight: Tensor, std: Tensor, inverse: Tensor, log_variance: Tensor) -> nn.ModuleDict:
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=float(std)).double()
    likelihood.log_noise.data.fill_(math.log(float(std)))
    decoder = Network(lambda net, z, y=None: z.double() @ net.weight.T + net.bias, weight=weight, bias=mean.clone())
    encoder = Network(_affine_posterior, weight=inverse, center=mean.clone(), log_variance=log_variance)
    return nn.ModuleDict({"generator": decoder, "encoder": encoder, "likelihood": likelihood})


def _affine_posterior(net: Any, x: Tensor, y: Tensor | None = None) -> Gaussian:
    """Means V (x - m), and variances that are the same for all samples: (B, D) to a posterior over (B, Z)."""
    mean = (x - net.center) @ net.weight.T
    return Gaussian(mean, net.log_variance.expand_as(mean))


def log_density(networks: nn.ModuleDict, x: Tensor) -> Tensor:
    """log p of data (N, D) under a linear model, in closed form: (N,)."""
    weights = dict(networks.named_parameters())
    weight, variance = weights["generator.weight"], (2 * weights["likelihood.log_noise"]).exp()
    covariance = weight @ weight.T + variance * torch.eye(SAMPLE).double()
    return torch.distributions.MultivariateNormal(weights["generator.bias"], covariance).log_prob(x)


def elbo(networks: nn.ModuleDict, x: Tensor) -> Tensor:
    """The lower bound on log p of data (N, D), by the game's own loss, nats per sample: ()."""
    (player,) = GAMES["vae"](**networks, prior=PRIORS["normal"](LATENT)).players
    return -total_loss(player, exact_play(networks, x))


def exact_play(networks: nn.ModuleDict, x: Tensor) -> Play:
    """A play whose codes have exactly the posterior's mean and variance, for data (N, D): codes (2 Z N, Z).

    The mean over ±sqrt(Z) in each coordinate is the expectation of any quadratic, such as a linear model's likelihood.
    """
    play = Play(networks, Batch(x.repeat(2 * LATENT, 1)), PRIORS["normal"](LATENT))
    points = math.sqrt(LATENT) * torch.cat([torch.eye(LATENT), -torch.eye(LATENT)]).double()
    posterior = gaussian(play.posterior)
    play.code = posterior.mean + (posterior.log_variance / 2).exp() * points.repeat_interleave(len(x), dim=0)
    return play


_NOISE = 0.3  # std of the noise through which the critic sees pairs
TRUTH = torch.tensor([[1.2, 0.3], [-0.4, 0.8]], dtype=torch.float64)  # the data is this matrix times standard normals


def pair_game(generator: Tensor, encoder: Tensor, answer: str) -> Game:
    """The BiGAN of a generator and an encoder with these weights (2, 2), and their `answer` to the critic."""
    decoder = Network(lambda net, z, y=None: z @ net.weight.T, weight=generator.clone())
    inverse = Network(lambda net, x, y=None: Point(x @ net.weight.T), weight=encoder.clone())
    divergence = DIVERGENCES["non_saturating" if answer == "exchange" else "minimax"]()
    return GAMES["bigan"](decoder, inverse, _pair_critic(), PRIORS["normal"](2), divergence, {}, answer=answer)


def _pair_critic() -> nn.Module:
    """Scores of pairs (x, z) that are quadratic, as the log-likelihood ratio of normal pairs is."""

    def score(net: Any, x: Tensor, z: Tensor) -> Tensor:
        pair = torch.cat([x, z], dim=1)
        return net.constant + (pair @ net.quadratic * pair).sum(dim=1)

    zeros = torch.zeros(4, 4, dtype=torch.float64)
    return Network(score, quadratic=zeros, constant=zeros[0, 0].clone())


def pair_gradient(game: Game) -> Tensor:
    """The gradient of generator and encoder at the optimal critic: (8,)."""
    play = Play(game.networks, Batch(_whitened(1) @ TRUTH.T), game.prior)
    play.z = _whitened(2)
    critic, pair = cast(Any, game.networks["critic"]), game.players[-1]
    real, fake = _covariance(play.x, play.code).detach(), _covariance(play.fake, play.z).detach()
    critic.quadratic.data = (torch.linalg.inv(fake) - torch.linalg.inv(real)) / 2
    critic.constant.data = (torch.logdet(fake) - torch.logdet(real)) / 2
    return torch.cat([g.flatten() for g in torch.autograd.grad(total_loss(pair, play), game.parameters(pair))])


def train_pair(game: Game, rounds: int = 300, lr: float = 0.03) -> Tensor:
    """Generator and encoder in turn, as a matrix (2, 2), after training at the optimal critic."""
    pair = game.parameters(game.players[-1])
    optimizer = torch.optim.Adam(pair, lr=lr, betas=(0.5, 0.9))
    for step in range(rounds):
        optimizer.param_groups[0]["lr"] = lr * (1 - step / rounds)
        for weight, gradient in zip(pair, pair_gradient(game).split(4), strict=True):
            weight.grad = gradient.view_as(weight)
        optimizer.step()
    with torch.no_grad():
        encoder, generator = (dict(game.networks[role].named_parameters()) for role in ("encoder", "generator"))
        return encoder["weight"] @ generator["weight"]


def _whitened(seed: int) -> Tensor:
    """Samples whose mean is exactly 0 and whose covariance is exactly 1: (N, 2)."""
    x = noise(COUNT, seed, (2,))
    x = x - x.mean(dim=0)
    return torch.linalg.solve_triangular(torch.linalg.cholesky(x.T @ x / len(x)), x.T, upper=False).T


def _covariance(x: Tensor, z: Tensor) -> Tensor:
    pair = torch.cat([x, z], dim=1)
    return pair.T @ pair / len(pair) + _NOISE**2 * torch.eye(4, dtype=torch.float64)
