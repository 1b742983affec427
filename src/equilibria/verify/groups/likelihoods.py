"""Likelihoods sum to one; ELBO and importance-weighted bounds against probabilistic PCA."""

import math
from collections.abc import Callable, Iterable
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
from ...toys import linear_models
from ...toys.critics import fit_lbfgs, noise
from ...toys.linear_models import DATA, LATENT, elbo, log_density, optimal, untrained
from ..claims import Claim, Measurement, above, below, below_each, equals

_KINGMA, _TIPPING, _BURDA = "Kingma and Welling (2014)", "Tipping and Bishop (1999)", "Burda et al. (2016)"
_LUCAS = "Lucas et al. (2019)"


def bound_claims() -> list[Claim]:
    """Of autoencoders."""
    return [
        below("the KL divergence of Gaussians is torch's", _KINGMA, _kl_error, 1e-12),
        equals("the KL divergence of Gaussians is the mean difference of log densities", _KINGMA, _kl_by_draws, 0, 4),
        below("reparametrized draws have the stated variance", _KINGMA, _variance_error, 0.03),
        below("vae: the best linear one has the likelihood of principal components", _TIPPING, _optimum_error, 1e-9),
        below("vae: at the best linear one the gradient vanishes", _LUCAS, _gradient_at_optimum, 1e-9),
        below("vae: training a linear one reaches that likelihood, and closes the gap", _TIPPING, _trained_error, 1e-3),
        below("vae: the learned std is that of the noise in the data", _TIPPING, _noise_error, 1e-3),
        above("iwae: the bound of 50 draws is closer than that of 5, and of 5 than of 1", _BURDA, _least_step, 0),
        below("iwae: weighing 1000 draws gives the likelihood of a linear model", _BURDA, _importance_error, 4),
    ]


_GAUSSIANS = tuple(Gaussian(noise(6, seed, (3,)), noise(6, seed + 1, (3,))) for seed in (1, 3))


def _kl_error() -> float:
    one, other = _GAUSSIANS
    expected = kl_divergence(*(Normal(g.mean, (g.log_variance / 2).exp()) for g in _GAUSSIANS))
    return float((one.divergence(other) - expected).abs().max())


def _kl_by_draws() -> float:
    """In standard errors of the mean."""
    one, other = (Gaussian(*(part[:1].expand(20_000, -1) for part in g)) for g in _GAUSSIANS)
    z = one.draw()
    errors = one.log_density(z) - other.log_density(z) - one.divergence(other).sum(dim=1)
    return float(errors.mean() / (errors.std() / math.sqrt(len(errors))))


def _variance_error() -> float:
    log_variance = torch.tensor([-3.0, 0.0, 2.0], dtype=torch.float64).expand(40_000, -1)
    draws = Gaussian(torch.ones_like(log_variance), log_variance).draw()
    return float((draws.var(dim=0) / log_variance[0].exp() - 1).abs().max())


def _optimum_error() -> float:
    networks = optimal(DATA)
    values = elbo(networks, DATA), log_density(networks, DATA).mean()
    return max(abs(float(value.detach()) - linear_models.max_log_likelihood(DATA)) for value in values)


def _gradient_at_optimum() -> float:
    networks = optimal(DATA)
    return max(float(g.abs().max()) for g in torch.autograd.grad(elbo(networks, DATA), list(networks.parameters())))


@cache
def _trained() -> nn.ModuleDict:
    networks = untrained()
    fit_lbfgs(networks.parameters(), lambda: -elbo(networks, DATA), 150)
    return networks


def _trained_error() -> float:
    """The distance of the bound from the greatest likelihood, or from the model's own."""
    with torch.no_grad():
        bound, own = float(elbo(_trained(), DATA)), float(log_density(_trained(), DATA).mean())
    return max(abs(linear_models.max_log_likelihood(DATA) - bound), abs(own - bound))


def _noise_error() -> float:
    std = dict(_trained().named_parameters())["likelihood.log_noise"].detach().exp()
    return abs(float(std / linear_models.principal_components(DATA).variance.sqrt()) - 1)


@torch.no_grad()
def importance_bounds(counts: tuple[int, ...], repeats: int = 200) -> list[Tensor]:
    """Bounds of so many draws for an untrained model: for each count the means over the data, (repeats,)."""
    play = Play(untrained(), Batch(DATA), PRIORS["normal"](LATENT))
    weights = log_weights(play, max(counts) * repeats).view(repeats, max(counts), -1)
    return [torch.stack([importance_bound(w[:count]) for w in weights]).mean(dim=1) for count in counts]


def _least_step() -> float:
    """Of the steps from one bound to the next, the last to the likelihood itself, minus four standard errors."""
    one, five, fifty = importance_bounds((1, 5, 50))
    exact = log_density(untrained(), DATA).detach().mean().expand(len(one))
    steps = (five - one, fifty - five, exact - fifty)
    return min(float(step.mean() - 4 * step.std() / math.sqrt(len(step))) for step in steps)


def _importance_error() -> float:
    """In standard errors of the mean over repeats."""
    estimate = partial(importance_sampled, untrained(), PRIORS["normal"](LATENT), Batch(DATA), k=1000)
    estimates = torch.stack([-estimate(seed=seed).mean() for seed in range(8)])
    error = estimates.mean() - log_density(untrained(), DATA).detach().mean()
    return abs(float(error / (estimates.std() / math.sqrt(len(estimates)))))


def likelihood_claims() -> list[Claim]:
    """For each entry."""
    scales = (0.001, 0.1, 10.0)
    totals = (
        ("bernoulli", _KINGMA, total_bernoulli, (-30.0, 0.3, 9.0)),
        ("gaussian", _KINGMA, total_gaussian, scales),
        ("discretized_logistic", "Kingma et al. (2016)", total_levels, scales),
    )
    one = "sums to one over all values of a sample, however sharp"
    finite = "finite with finite gradients, however far off and however sharp"
    return [
        *(
            below(f"{name}: {one}", source, partial(_total_error, total, parameters), 1e-6)
            for name, source, total, parameters in totals
        ),
        *below_each(LIKELIHOODS, "of several values it is the product", "definition", _product_error, 1e-9),
        *(Claim(f"{name}: {finite}", "definition", "finite", partial(_finite, name)) for name in LIKELIHOODS),
    ]


def _total_error(total: Callable[[float], float], parameters: Iterable[float]) -> float:
    return max(abs(total(parameter) - 1) for parameter in parameters)


def total_bernoulli(logit: float) -> float:
    """The probabilities of black and white, for a mean with this logit, added up."""
    decoded = torch.full((2, 1, 1, 1), logit / 2, dtype=torch.float64)
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64).view(2, 1, 1, 1)
    return float(LIKELIHOODS["bernoulli"]((1, 1, 1))(decoded, x).exp().sum())


def total_gaussian(std: float) -> float:
    """The density around 0.3, integrated."""
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=std).double()
    x = 0.3 + std * torch.linspace(-12, 12, 4001, dtype=torch.float64)
    with torch.no_grad():
        return float(torch.trapezoid(likelihood(torch.full((4001, 1), 0.3).double(), x.unsqueeze(1)).exp(), x))


def total_levels(scale: float, decoded: float = 0.31) -> float:
    """The probabilities of the 256 levels around a sample, added up."""
    likelihood = LIKELIHOODS["discretized_logistic"]((1, 1, 1), nn.Identity(), scale=scale).double()
    x = torch.linspace(-1, 1, 256, dtype=torch.float64).view(256, 1, 1, 1)
    with torch.no_grad():
        return float(likelihood(torch.full_like(x, decoded), x).exp().sum())


def build_likelihood(name: str, shape: tuple[int, ...] = (2, 3, 3)) -> nn.Module:
    """For samples of this shape, in double precision, without an output activation."""
    context = {"gaussian": (nn.Identity(),), "bernoulli": (shape,), "discretized_logistic": (shape, nn.Identity())}
    return LIKELIHOODS[name](*context[name]).double()


def _product_error(name: str) -> float:
    decoded, levels = noise(4, 1, (1, 3, 3)), (noise(4, 2, (1, 3, 3)).sigmoid() * 255).round() / 127.5 - 1
    likelihood = build_likelihood(name, (1, 3, 3))
    with torch.no_grad():
        parts = [likelihood(*(t[..., i, j, None, None] for t in (decoded, levels))) for i in range(3) for j in range(3)]
        return float((likelihood(decoded, levels) - torch.stack(parts).sum(dim=0)).abs().max())


def _finite(name: str) -> Measurement:
    likelihood = build_likelihood(name, (1, 1, 5)).float()
    x = torch.tensor([-1.0, -0.99, 0.0, 0.99, 1.0]).expand(4, 1, 1, 5)
    finite = True
    for log_scale in (-12.0, 0.0, 12.0):
        for parameter in likelihood.parameters():
            parameter.data.fill_(log_scale)
        decoded = torch.tensor([-40.0, -1.0, 1.0, 40.0]).view(4, 1, 1, 1).repeat(1, 1, 1, 5).requires_grad_()
        values = likelihood(decoded, x)
        gradients = torch.autograd.grad(values.sum(), [decoded, *likelihood.parameters()])
        finite &= all(bool(t.isfinite().all()) for t in (values, *gradients))
    return Measurement("finite" if finite else "not finite", finite)
