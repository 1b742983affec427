"""Gaussians over latents, against torch's own and against draws."""

import math

import pytest
import torch
from torch.distributions import Independent, Normal, kl_divergence

from equilibria.core.posteriors import Gaussian, Point


def gaussian(seed, count=6, size=3):
    source = torch.Generator().manual_seed(seed)
    return Gaussian(*torch.randn(2, count, size, generator=source, dtype=torch.float64))


def theirs(found):
    return Normal(found.mean, (found.log_variance / 2).exp())


def test_a_divergence_is_torchs():
    one, other = gaussian(0), gaussian(1)
    assert torch.allclose(one.divergence(other), kl_divergence(theirs(one), theirs(other)), rtol=1e-12)
    assert torch.equal(one.divergence(one), torch.zeros(6, 3))


def test_a_divergence_from_the_standard_normal_is_kingmas():
    """-(1 + log sigma^2 - mu^2 - sigma^2) / 2 (Kingma and Welling 2014, appendix B)."""
    found = gaussian(2)
    want = -(1 + found.log_variance - found.mean.square() - found.log_variance.exp()) / 2
    assert torch.allclose(found.divergence(Gaussian.standard(found.mean)), want)


def test_a_divergence_is_not_symmetric():
    one, other = gaussian(0), gaussian(1)
    assert not torch.allclose(one.divergence(other), other.divergence(one))


def test_a_log_density_is_torchs_with_its_constants():
    found, z = gaussian(3), gaussian(4).mean
    assert torch.allclose(found.log_density(z), Independent(theirs(found), 1).log_prob(z), rtol=1e-12)


def test_a_divergence_is_the_mean_difference_of_log_densities_over_draws():
    torch.manual_seed(0)
    one, other = (Gaussian(*(part[:1].expand(50_000, -1) for part in gaussian(seed))) for seed in (0, 1))
    z = one.draw()
    found = one.log_density(z) - other.log_density(z)
    assert abs(found.mean() - one.divergence(other)[0].sum()) < 4 * found.std() / math.sqrt(len(found))


@pytest.mark.parametrize("log_variance", [-4.0, 0.0, 3.0])
def test_draws_have_the_deviation_sigma_and_not_its_square(log_variance):
    torch.manual_seed(0)
    drawn = Gaussian(torch.full((40_000, 1), 2.0), torch.full((40_000, 1), log_variance)).draw()
    sigma = math.exp(log_variance / 2)
    assert float(drawn.mean()) == pytest.approx(2, abs=4 * sigma / 200)
    assert float(drawn.std()) == pytest.approx(sigma, rel=0.02)


def test_gradients_pass_through_draws():
    """By reparametrization: dz/dmean is 1, dz/dlog sigma^2 is (z - mean) / 2."""
    mean, log_variance = (part.clone().requires_grad_() for part in gaussian(5))
    z = Gaussian(mean, log_variance).draw()
    z.sum().backward()
    assert torch.equal(mean.grad, torch.ones_like(mean))
    assert torch.allclose(log_variance.grad, (z - mean).detach() / 2)


def test_a_point_is_drawn_as_it_is():
    z = torch.randn(4, 2)
    assert torch.equal(Point(z).draw(), z)
