"""Variational autoencoders: ELBO and importance-weighted bounds."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.posteriors import Gaussian, Posterior
from ..core.priors import Prior
from ..core.types import Terms
from .game import Game, Player, Traits, networks_of, states
from .play import Play

_ACTIVE = 0.01  # variance of a coordinate's posterior mean over the data, above which it is in use


def gaussian(found: Posterior) -> Gaussian:
    """An encoder's answer. Raises Refusal if it is a point, which has no density."""
    if not isinstance(found, Gaussian):
        raise Refusal("This game needs an encoder that answers with a Gaussian: use --encoder.posterior gaussian.")
    return found


def log_likelihood(play: Play) -> Tensor:
    """Of the batch, given its code: (B,)."""
    return play.networks["likelihood"](play.raw_reconstruction, play.x)


def kl_divergences(play: Play) -> Tensor:
    """KL(posterior || prior) of every coordinate: (B, Z)."""
    return gaussian(play.posterior).divergence(play.latent_prior)


def log_weights(play: Play, count: int) -> Tensor:
    """log p(x, z) - log q(z | x) for so many draws of the posterior (Burda et al. 2016, eq. 8): (count, B)."""

    def repeated(t: Tensor) -> Tensor:
        return t.repeat(count, *[1] * (t.ndim - 1))

    found, expected = (Gaussian(*map(repeated, each)) for each in (gaussian(play.posterior), play.latent_prior))
    z, generator = found.draw(), play.networks["generator"]
    decoded: Any = generator.raw(z, None if play.y is None else repeated(play.y))  # type: ignore[operator]
    likelihoods = play.networks["likelihood"](decoded.to(play.x.dtype), repeated(play.x))
    return (likelihoods + expected.log_density(z) - found.log_density(z)).view(count, -1)


def importance_bound(weights: Tensor) -> Tensor:
    """The log of the mean weight (Burda et al. 2016, eq. 8): of log weights (K, B), to (B,)."""
    return weights.logsumexp(dim=0) - math.log(len(weights))


def active_units(play: Play) -> Tensor:
    """Coordinates whose posterior mean varies over the batch (Burda et al. 2016, section 5): ()."""
    return (play.posterior.mean.var(dim=0) > _ACTIVE).to(play.x.dtype).sum()


def bits_per_dimension(play: Play, nats: Tensor) -> Tensor:
    """Nats per sample as bits per value of a sample."""
    return nats / (play.x[0].numel() * math.log(2))


def elbo_report(play: Play, terms: Terms) -> Terms:
    """What is reported of an autoencoder's move, in nats per sample: unweighted, with the bound they add up to."""
    kl = kl_divergences(play).sum(dim=1).mean()
    loss = terms["reconstruction"] + kl
    told = {"elbo": -loss, "reconstruction": terms["reconstruction"], "kl": kl}
    return told | {"bits per dimension": bits_per_dimension(play, loss), "active units": active_units(play)}


def ramp(play: Play, weight: float, rounds: int) -> Tensor:
    """A weight that grows in a straight line from 0 over so many rounds; 0: it is there at once: ()."""
    return weight * (play.round / rounds).clamp(max=1) if rounds else torch.full_like(play.round, weight)


def refuse_other_priors(game: str, prior: Prior) -> None:
    """Raise Refusal for a prior whose KL has no closed form here."""
    if not prior.is_normal:
        raise Refusal(f"The game {game!r} knows its KL in closed form for a normal prior only: use --prior normal.")


_ELBO = (
    "Autoencoder: all in nats a sample. The elbo, -(reconstruction + kl), bounds the log-likelihood from below: higher "
    "is better, on held-out data, too, and runs on the same data can be compared by it. Of densities it may be "
    "positive. A kl near 0 says that latents are not used."
)
_BOUND = (
    "Autoencoder: all in nats a sample. The bound lies between the elbo and the log-likelihood: higher is better, "
    "on held-out data, too, and it rises with the number of draws by itself (Burda et al. 2016, theorem 1)."
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
    """An encoder and a generator raise a lower bound on the likelihood together (Kingma and Welling 2014).

    `beta` is the weight of the KL divergence; `warmup` is the rounds over which that weight grows from 0; `free_bits`
    is nats that each coordinate's KL, meaned over the batch, may have for nothing. The weight is after Higgins et al.
    2017, its growth after Bowman et al. 2016, what is free after Kingma et al. 2016.
    Reported in nats per sample, unweighted: elbo = -(reconstruction + kl).
    """
    refuse_other_priors("vae", prior)
    if not (beta >= 0 and warmup >= 0 and free_bits >= 0):
        raise Refusal(f"beta, warmup and free_bits are {beta}, {warmup} and {free_bits}: each must be 0 or more.")

    def elbo(play: Play) -> Terms:
        kl = kl_divergences(play).mean(dim=0).clamp(min=free_bits).sum()
        return {"reconstruction": -log_likelihood(play).mean(), "kl": ramp(play, beta, warmup) * kl}

    networks = networks_of(generator=generator, encoder=encoder, prior=prior_network, likelihood=likelihood)
    return Game(networks, (Player("autoencoder", tuple(networks), elbo, figures=elbo_report),), prior)


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

    `k` is draws of the posterior for each sample; with one it is the VAE whose KL is drawn, too. Reported in nats per
    sample: the bound, and the KL divergence in closed form.
    """
    refuse_other_priors("iwae", prior)
    if k < 1:
        raise Refusal(f"k is {k}: 1 or more draws are weighed.")

    def loss(play: Play) -> Terms:
        return {"bound": -importance_bound(log_weights(play, k)).mean()}

    def figures(play: Play, terms: Terms) -> Terms:
        told = {"bound": -terms["bound"], "kl": kl_divergences(play).sum(dim=1).mean()}
        return told | {
            "bits per dimension": bits_per_dimension(play, terms["bound"]),
            "active units": active_units(play),
        }

    networks = networks_of(generator=generator, encoder=encoder, prior=prior_network, likelihood=likelihood)
    return Game(networks, (Player("autoencoder", tuple(networks), loss, figures=figures),), prior)
