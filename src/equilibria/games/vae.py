"""Variational autoencoders: ELBO and importance-weighted bounds."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import Refusal, at_least
from ..core.posteriors import Gaussian, Posterior
from ..core.priors import Prior
from ..core.types import Terms
from .game import Game, Loss, Player, Report, Traits, states
from .play import Play

ACTIVE = 0.01  # variance of a latent dimension's posterior mean over the data, above which the dimension is active


def gaussian(posterior: Posterior) -> Gaussian:
    """An encoder's posterior as a Gaussian. Raises Refusal for a point, which has no density."""
    if not isinstance(posterior, Gaussian):
        raise Refusal("This game needs an encoder that answers with a Gaussian: use --encoder.posterior gaussian.")
    return posterior


def log_likelihood(play: Play) -> Tensor:
    """The log-likelihood of the batch given its code, in nats: (B,)."""
    return play.networks["likelihood"](play.raw_reconstruction, play.x)


def kl_divergences(play: Play) -> Tensor:
    """KL(posterior || prior) of every latent dimension, in nats: (B, Z)."""
    return gaussian(play.posterior).divergence(play.latent_prior)


def log_weights(play: Play, count: int) -> Tensor:
    """log p(x, z) - log q(z | x) for `count` draws of the posterior (Burda et al. 2016, eq. 8): (count, B)."""

    def repeated(t: Tensor) -> Tensor:
        return t.repeat(count, *[1] * (t.ndim - 1))

    posterior, prior = (Gaussian(*map(repeated, each)) for each in (gaussian(play.posterior), play.latent_prior))
    z, generator = posterior.draw(), play.networks["generator"]
    output: Any = generator.raw(z, None if play.y is None else repeated(play.y))  # type: ignore[operator]
    likelihoods = play.networks["likelihood"](output.to(play.x.dtype), repeated(play.x))
    return (likelihoods + prior.log_density(z) - posterior.log_density(z)).view(count, -1)


def importance_bound(weights: Tensor) -> Tensor:
    """The log of the mean weight (Burda et al. 2016, eq. 8): of log weights (K, B), to (B,)."""
    return weights.logsumexp(dim=0) - math.log(len(weights))


def active_units(play: Play) -> Tensor:
    """The number of latent dimensions whose posterior mean varies over the batch (Burda et al. 2016, section 5): ()."""
    return (play.posterior.mean.var(dim=0) > ACTIVE).to(play.x.dtype).sum()


def bits_per_dimension(play: Play, nats: Tensor) -> Tensor:
    """Nats per sample as bits per value of a sample."""
    return nats / (play.x[0].numel() * math.log(2))


def mean_kl(play: Play) -> Tensor:
    """KL(posterior || prior) in nats per sample, averaged over the batch: ()."""
    return kl_divergences(play).sum(dim=1).mean()


def elbo_report(play: Play, terms: Terms) -> Terms:
    """The unweighted terms of an autoencoder's step and their bound, in nats per sample, and bits per dimension."""
    kl = mean_kl(play)
    loss = terms["reconstruction"] + kl
    return {"elbo": -loss, "reconstruction": terms["reconstruction"], "kl": kl} | _usage(play, loss)


def _usage(play: Play, loss: Tensor) -> Terms:
    return {"bits per dimension": bits_per_dimension(play, loss), "active units": active_units(play)}


def ramp(play: Play, weight: float, rounds: int) -> Tensor:
    """A weight that grows linearly from 0 over `rounds`; 0: constant: ()."""
    return weight * (play.round / rounds).clamp(max=1) if rounds else torch.full_like(play.round, weight)


def refuse_other_priors(game: str, prior: Prior) -> None:
    """Raise Refusal for a prior that is not normal: its KL has no closed form here."""
    if not prior.is_normal:
        raise Refusal(f"The game {game!r} knows its KL in closed form for a normal prior only: use --prior normal.")


_ELBO = (
    "Autoencoder: all values in nats per sample. The elbo, -(reconstruction + kl), is a lower bound of the "
    "log-likelihood: higher is better, also on held-out data, and runs on the same data can be compared by it. It may "
    "be positive for densities. A kl near 0 means that the latents are not used."
)
_BOUND = (
    "Autoencoder: all values in nats per sample. The bound lies between the elbo and the log-likelihood: higher is "
    "better, also on held-out data. It rises with the number of draws by itself (Burda et al. 2016, theorem 1)."
)


@states(Traits(player="autoencoder", meaning=_ELBO))
def vae(
    generator: nn.Module,
    encoder: nn.Module,
    likelihood: nn.Module,
    prior: Prior,
    prior_network: nn.Module | None = None,
    *,
    beta: float = 1.0,
    warmup: int = 0,
    free_bits: float = 0.0,
) -> Game:
    """An encoder and a generator maximize a lower bound of the likelihood together (Kingma and Welling 2014).

    `beta` is the weight of the KL divergence; `warmup` is the rounds over which that weight grows from 0; `free_bits`
    is nats of each latent dimension's KL, averaged over the batch, that are not penalized. The weight is after Higgins
    et al. 2017, its growth after Bowman et al. 2016, the free nats after Kingma et al. 2016.
    Reported in nats per sample, unweighted: elbo = -(reconstruction + kl).
    """
    refuse_other_priors("vae", prior)
    at_least(0, "The game 'vae'", beta=beta, warmup=warmup, free_bits=free_bits)

    def elbo(play: Play) -> Terms:
        kl = kl_divergences(play).mean(dim=0).clamp(min=free_bits).sum()
        return {"reconstruction": -log_likelihood(play).mean(), "kl": ramp(play, beta, warmup) * kl}

    return _autoencoder(elbo, elbo_report, prior, generator, encoder, prior_network, likelihood)


@states(Traits(player="autoencoder", meaning=_BOUND))
def iwae(
    generator: nn.Module,
    encoder: nn.Module,
    likelihood: nn.Module,
    prior: Prior,
    prior_network: nn.Module | None = None,
    *,
    k: int = 5,
) -> Game:
    """A tighter bound, from several draws of the posterior for each sample (Burda et al. 2016).

    `k` is draws of the posterior for each sample; with one it is the VAE with a sampled KL. Reported in nats per
    sample: the bound, and the KL divergence in closed form.
    """
    refuse_other_priors("iwae", prior)
    at_least(1, "The game 'iwae'", k=k)

    def loss(play: Play) -> Terms:
        return {"bound": -importance_bound(log_weights(play, k)).mean()}

    def report(play: Play, terms: Terms) -> Terms:
        return {"bound": -terms["bound"], "kl": mean_kl(play)} | _usage(play, terms["bound"])

    return _autoencoder(loss, report, prior, generator, encoder, prior_network, likelihood)


def _autoencoder(loss: Loss, report: Report, prior: Prior, *networks: nn.Module | None) -> Game:
    roles = zip(("generator", "encoder", "prior", "likelihood"), networks, strict=True)
    present = nn.ModuleDict({role: network for role, network in roles if network is not None})
    return Game(present, (Player("autoencoder", tuple(present), loss, report=report),), prior)
