"""Variational autoencoders: no contest, one player."""

from torch import nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.types import Terms
from .bounds import (
    active_units,
    described,
    divergences,
    importance_bound,
    log_likelihood,
    log_weights,
    per_dimension,
    ramp,
    refuse_other_priors,
)
from .game import Game, Player, Traits, networks_of, states
from .play import Play

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
        kl = divergences(play).mean(dim=0).clamp(min=free_bits).sum()
        return {"reconstruction": -log_likelihood(play).mean(), "kl": ramp(play, beta, warmup) * kl}

    networks = networks_of(generator=generator, encoder=encoder, prior=prior_network, likelihood=likelihood)
    return Game(networks, (Player("autoencoder", tuple(networks), elbo, figures=described),), prior)


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
        told = {"bound": -terms["bound"], "kl": divergences(play).sum(dim=1).mean()}
        return told | {"bits per dimension": per_dimension(play, terms["bound"]), "active units": active_units(play)}

    networks = networks_of(generator=generator, encoder=encoder, prior=prior_network, likelihood=likelihood)
    return Game(networks, (Player("autoencoder", tuple(networks), loss, figures=figures),), prior)
