"""Bounds on the likelihood, where a linear model has it in closed form."""

import math
from functools import cache

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS
from ...core.types import Batch
from ...evaluation.likelihood import importance_sampled
from ...games.bounds import importance_bound, log_weights
from ...games.play import Play
from ..claims import Claim, above, below, equals
from ..scenes import linear
from ..scenes.critics import noise
from ..scenes.fits import descend

_KINGMA, _TIPPING, _BURDA = "Kingma and Welling 2014", "Tipping and Bishop 1999", "Burda et al. 2016"


def claims() -> list[Claim]:
    """Of autoencoders."""
    return [
        below("the KL divergence of Gaussians is torch's", _KINGMA, _divergence, 1e-12),
        equals("the KL divergence of Gaussians is the mean difference of log densities", _KINGMA, _drawn, 0, 4),
        below("reparametrized draws have the variance that was said", _KINGMA, _variance, 0.03),
        below("vae: its best linear form has the likelihood of principal components", _TIPPING, _optimum, 1e-9, "vae"),
        below("vae: nothing pulls at the best linear form", "Lucas et al. 2019", _rest, 1e-9, "vae"),
        below("vae: training a linear one reaches that likelihood, and leaves no gap", _TIPPING, _trained, 1e-3, "vae"),
        below("vae: a learned deviation is that of the noise in the data", _TIPPING, _noise, 1e-3, "vae"),
        above("iwae: 50 draws bound a likelihood closer than 5, and 5 closer than 1", _BURDA, _order, 0, "iwae"),
        below("iwae: weighing 1000 draws gives the likelihood of a linear model", _BURDA, _weighed, 4, "iwae"),
    ]


def _gaussians() -> tuple[Gaussian, Gaussian]:
    return Gaussian(noise(6, 1, (3,)), noise(6, 2, (3,))), Gaussian(noise(6, 3, (3,)), noise(6, 4, (3,)))


def _divergence() -> float:
    one, other = _gaussians()
    theirs = kl_divergence(*(Normal(g.mean, (g.log_variance / 2).exp()) for g in (one, other)))
    return float((one.divergence(other) - theirs).abs().max())


def _drawn() -> float:
    """In standard errors of the mean."""
    many = [Gaussian(*(part[:1].expand(20_000, -1) for part in g)) for g in _gaussians()]
    z = many[0].draw()
    found = many[0].log_density(z) - many[1].log_density(z) - many[0].divergence(many[1]).sum(dim=1)
    return float(found.mean() / (found.std() / math.sqrt(len(found))))


def _variance() -> float:
    log_variance = torch.tensor([-3.0, 0.0, 2.0], dtype=torch.float64).expand(40_000, -1)
    drawn = Gaussian(torch.ones_like(log_variance), log_variance).draw()
    return float((drawn.var(dim=0) / log_variance[0].exp() - 1).abs().max())


def _optimum() -> float:
    x = linear.samples()
    networks = linear.at_the_best(x)
    found = linear.elbo(networks, x), linear.log_density(networks, x).mean()
    return max(abs(float(each.detach()) - linear.greatest_likelihood(x)) for each in found)


def _rest() -> float:
    x = linear.samples()
    networks = linear.at_the_best(x)
    gradients = torch.autograd.grad(linear.elbo(networks, x), list(networks.parameters()))
    return max(float(g.abs().max()) for g in gradients)


@cache
def _fit() -> nn.ModuleDict:
    x, networks = linear.samples(), linear.elsewhere()
    descend(networks.parameters(), lambda: -linear.elbo(networks, x), 150)
    return networks


def _trained() -> float:
    """How far the bound is below the greatest likelihood, or the model's own likelihood above the bound."""
    x, networks = linear.samples(), _fit()
    with torch.no_grad():
        bound, own = float(linear.elbo(networks, x)), float(linear.log_density(networks, x).mean())
    return max(abs(linear.greatest_likelihood(x) - bound), abs(own - bound))


def _noise() -> float:
    deviation = dict(_fit().named_parameters())["likelihood.log_noise"].detach().exp()
    return abs(float(deviation / linear.components(linear.samples()).variance.sqrt()) - 1)


@torch.no_grad()
def bounds_of(counts: tuple[int, ...], repeats: int = 200) -> list[Tensor]:
    """Importance bounds of so many draws, for a model that has learned nothing: repeats of their mean over the data."""
    x, networks = linear.samples(), linear.elsewhere()
    play = Play(networks, Batch(x), PRIORS["normal"](linear.LATENT))
    weights = log_weights(play, max(counts) * repeats).view(repeats, max(counts), -1)
    return [torch.stack([importance_bound(w[:count]) for w in weights]).mean(dim=1) for count in counts]


def _order() -> float:
    """The least of three steps up, the last to the likelihood itself, less four standard errors."""
    one, five, fifty = bounds_of((1, 5, 50))
    truth = linear.log_density(linear.elsewhere(), linear.samples()).detach().mean().expand(len(one))
    steps = [high - low for low, high in ((one, five), (five, fifty), (fifty, truth))]
    return min(float(step.mean() - 4 * step.std() / math.sqrt(len(step))) for step in steps)


def _weighed() -> float:
    """In standard errors of the mean over repeats."""
    x, networks = linear.samples(), linear.elsewhere()
    truth = linear.log_density(networks, x).detach().mean()
    found = torch.stack(
        [
            -importance_sampled(networks, PRIORS["normal"](linear.LATENT), Batch(x), k=1000, seed=seed).mean()
            for seed in range(8)
        ]
    )
    return abs(float((found.mean() - truth) / (found.std() / math.sqrt(len(found)))))
