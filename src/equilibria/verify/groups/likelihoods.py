"""Likelihoods and bounds: ELBO and IWAE against probabilistic PCA."""

import math
from functools import cache, partial

import torch
from torch import Tensor, nn
from torch.distributions import Normal, kl_divergence

from ...core.posteriors import Gaussian
from ...core.priors import PRIORS
from ...core.types import Batch
from ...evaluation.metrics.likelihood import importance_sampled
from ...games.play import Play
from ...games.vae import importance_bound, log_weights
from ...terms.likelihoods import LIKELIHOODS
from ..claims import Answer, Claim, above, below, equals
from ..toys import linear_models
from ..toys.critics import descend, noise

_KINGMA_2014, _TIPPING, _BURDA = "Kingma and Welling 2014", "Tipping and Bishop 1999", "Burda et al. 2016"


def bound_claims() -> list[Claim]:
    """Of autoencoders."""
    return [
        below("the KL divergence of Gaussians is torch's", _KINGMA_2014, _divergence, 1e-12),
        equals("the KL divergence of Gaussians is the mean difference of log densities", _KINGMA_2014, _drawn, 0, 4),
        below("reparametrized draws have the variance that was said", _KINGMA_2014, _variance, 0.03),
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
    x = linear_models.samples()
    networks = linear_models.at_the_best(x)
    found = linear_models.elbo(networks, x), linear_models.log_density(networks, x).mean()
    return max(abs(float(each.detach()) - linear_models.greatest_likelihood(x)) for each in found)


def _rest() -> float:
    x = linear_models.samples()
    networks = linear_models.at_the_best(x)
    gradients = torch.autograd.grad(linear_models.elbo(networks, x), list(networks.parameters()))
    return max(float(g.abs().max()) for g in gradients)


@cache
def _fit() -> nn.ModuleDict:
    x, networks = linear_models.samples(), linear_models.elsewhere()
    descend(networks.parameters(), lambda: -linear_models.elbo(networks, x), 150)
    return networks


def _trained() -> float:
    """How far the bound is below the greatest likelihood, or the model's own likelihood above the bound."""
    x, networks = linear_models.samples(), _fit()
    with torch.no_grad():
        bound, own = float(linear_models.elbo(networks, x)), float(linear_models.log_density(networks, x).mean())
    return max(abs(linear_models.greatest_likelihood(x) - bound), abs(own - bound))


def _noise() -> float:
    deviation = dict(_fit().named_parameters())["likelihood.log_noise"].detach().exp()
    return abs(float(deviation / linear_models.components(linear_models.samples()).variance.sqrt()) - 1)


@torch.no_grad()
def bounds_of(counts: tuple[int, ...], repeats: int = 200) -> list[Tensor]:
    """Importance bounds of so many draws, for a model that has learned nothing: repeats of their mean over the data."""
    x, networks = linear_models.samples(), linear_models.elsewhere()
    play = Play(networks, Batch(x), PRIORS["normal"](linear_models.LATENT))
    weights = log_weights(play, max(counts) * repeats).view(repeats, max(counts), -1)
    return [torch.stack([importance_bound(w[:count]) for w in weights]).mean(dim=1) for count in counts]


def _order() -> float:
    """The least of three steps up, the last to the likelihood itself, less four standard errors."""
    one, five, fifty = bounds_of((1, 5, 50))
    truth = (
        linear_models.log_density(linear_models.elsewhere(), linear_models.samples()).detach().mean().expand(len(one))
    )
    steps = [high - low for low, high in ((one, five), (five, fifty), (fifty, truth))]
    return min(float(step.mean() - 4 * step.std() / math.sqrt(len(step))) for step in steps)


def _weighed() -> float:
    """In standard errors of the mean over repeats."""
    x, networks = linear_models.samples(), linear_models.elsewhere()
    truth = linear_models.log_density(networks, x).detach().mean()
    found = torch.stack(
        [
            -importance_sampled(networks, PRIORS["normal"](linear_models.LATENT), Batch(x), k=1000, seed=seed).mean()
            for seed in range(8)
        ]
    )
    return abs(float((found.mean() - truth) / (found.std() / math.sqrt(len(found)))))


_KINGMA = "Kingma and Welling 2014"


def likelihood_claims() -> list[Claim]:
    """For each entry."""
    scales = (0.001, 0.1, 10.0)
    return [
        *(
            below(f"{name}: sums to one over all that a sample may be, however sharp", source, how, 1e-6, name)
            for name, source, how in (
                ("bernoulli", _KINGMA, lambda: max(abs(total_bernoulli(logit) - 1) for logit in (-30.0, 0.3, 9.0))),
                ("gaussian", _KINGMA, lambda: max(abs(total_gaussian(scale) - 1) for scale in scales)),
                ("discretized_logistic", "Kingma et al. 2016", lambda: max(abs(total_levels(s) - 1) for s in scales)),
            )
        ),
        *(
            below(f"{name}: of several values it is the product", "definition", partial(_product, name), 1e-9, name)
            for name in LIKELIHOODS
        ),
        *(
            Claim(
                f"{name}: finite, and so are its gradients, however far off and however sharp",
                "definition",
                "finite",
                partial(_finite, name),
                (name,),
            )
            for name in LIKELIHOODS
        ),
    ]


def total_bernoulli(logit: float) -> float:
    """The probabilities of black and white, for a mean with this logit, added up."""
    decoded = torch.full((2, 1, 1, 1), logit / 2, dtype=torch.float64)
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(2, 1, 1, 1)
    return float(LIKELIHOODS["bernoulli"]((1, 1, 1))(decoded, x).exp().sum())


def total_gaussian(noise: float) -> float:
    """The density around 0.3, integrated."""
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=noise).double()
    x = 0.3 + noise * torch.linspace(-12, 12, 4001, dtype=torch.float64)
    with torch.no_grad():
        return float(torch.trapezoid(likelihood(torch.full((4001, 1), 0.3).double(), x.unsqueeze(1)).exp(), x))


def total_levels(scale: float, decoded: float = 0.31) -> float:
    """The probabilities of the 256 levels around a sample, added up."""
    likelihood = LIKELIHOODS["discretized_logistic"]((1, 1, 1), nn.Identity(), scale=scale).double()
    x = torch.linspace(-1, 1, 256, dtype=torch.float64).view(256, 1, 1, 1)
    with torch.no_grad():
        return float(likelihood(torch.full_like(x, decoded), x).exp().sum())


def made(name: str, shape: tuple[int, ...] = (2, 3, 3)) -> nn.Module:
    """A likelihood of samples of this shape, in double precision, without an outlet."""
    given = {"gaussian": (nn.Identity(),), "bernoulli": (shape,), "discretized_logistic": (shape, nn.Identity())}
    return LIKELIHOODS[name](*given[name]).double()


def _product(name: str) -> float:
    decoded, levels = noise(4, 1, (1, 3, 3)), (noise(4, 2, (1, 3, 3)).sigmoid() * 255).round() / 127.5 - 1
    likelihood = made(name, (1, 3, 3))
    with torch.no_grad():
        whole = likelihood(decoded, levels)
        parts = [
            likelihood(decoded[..., i : i + 1, j : j + 1], levels[..., i : i + 1, j : j + 1])
            for i in range(3)
            for j in range(3)
        ]
    return float((whole - torch.stack(parts).sum(dim=0)).abs().max())


def _finite(name: str) -> Answer:
    likelihood = made(name, (1, 1, 5)).float()
    x = torch.tensor([-1.0, -0.99, 0.0, 0.99, 1.0]).expand(4, 1, 1, 5)
    told = []
    for sharp in (-12.0, 0.0, 12.0):
        for parameter in likelihood.parameters():
            parameter.data.fill_(sharp)
        decoded = torch.tensor([-40.0, -1.0, 1.0, 40.0]).view(4, 1, 1, 1).repeat(1, 1, 1, 5).requires_grad_()
        found = likelihood(decoded, x)
        slopes = torch.autograd.grad(found.sum(), [decoded, *likelihood.parameters()])
        told.append(all(bool(t.isfinite().all()) for t in (found, *slopes)))
    return Answer("finite" if all(told) else "not finite", all(told))
