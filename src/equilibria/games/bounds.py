"""Bounds on the likelihood of the batch, in nats, and what becomes of latents on the way."""

import math
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.posteriors import Gaussian, Posterior
from ..core.priors import Prior
from ..core.types import Terms
from .play import Play

_ACTIVE = 0.01  # variance of a coordinate's posterior mean over the data, above which it is in use


def uncertain(found: Posterior) -> Gaussian:
    """An encoder's answer. Raises Refusal if it is a point, which has no density."""
    if not isinstance(found, Gaussian):
        raise Refusal("This game needs an encoder that answers with a Gaussian: use --encoder.posterior gaussian.")
    return found


def log_likelihood(play: Play) -> Tensor:
    """Of the batch, given its code: (B,)."""
    return play.networks["likelihood"](play.decoded, play.x)


def divergences(play: Play) -> Tensor:
    """KL(posterior || prior) of every coordinate: (B, Z)."""
    return uncertain(play.posterior).divergence(play.expected)


def log_weights(play: Play, count: int) -> Tensor:
    """log p(x, z) - log q(z | x) for so many draws of the posterior (Burda et al. 2016, eq. 8): (count, B)."""

    def repeated(t: Tensor) -> Tensor:
        return t.repeat(count, *[1] * (t.ndim - 1))

    found, expected = (Gaussian(*map(repeated, each)) for each in (uncertain(play.posterior), play.expected))
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


def per_dimension(play: Play, nats: Tensor) -> Tensor:
    """Nats per sample as bits per value of a sample."""
    return nats / (play.x[0].numel() * math.log(2))


def described(play: Play, terms: Terms) -> Terms:
    """What is reported of an autoencoder's move, in nats per sample: unweighted, with the bound they add up to."""
    kl = divergences(play).sum(dim=1).mean()
    loss = terms["reconstruction"] + kl
    told = {"elbo": -loss, "reconstruction": terms["reconstruction"], "kl": kl}
    return told | {"bits per dimension": per_dimension(play, loss), "active units": active_units(play)}


def ramp(play: Play, weight: float, rounds: int) -> Tensor:
    """A weight that grows in a straight line from 0 over so many rounds; 0: it is there at once: ()."""
    return weight * (play.round / rounds).clamp(max=1) if rounds else torch.full_like(play.round, weight)


def refuse_other_priors(game: str, prior: Prior) -> None:
    """Raise Refusal for a prior whose KL has no closed form here."""
    if not prior.is_normal:
        raise Refusal(f"The game {game!r} knows its KL in closed form for a normal prior only: use --prior normal.")
