"""Autoencoders that are linear: their likelihood has a closed form, and so has the best of them."""

import math

import pytest
import torch

from equilibria.core.priors import PRIORS
from equilibria.core.types import Batch
from equilibria.evaluation.metrics.likelihood import bounds, importance_sampled
from equilibria.games.play import Play
from equilibria.games.vae import importance_bound, log_weights
from equilibria.toys import linear_models
from equilibria.toys.critics import fit_lbfgs
from equilibria.verify.groups.likelihoods import importance_bounds

PRIOR = PRIORS["normal"](linear_models.LATENT)


@pytest.fixture(scope="module")
def x():
    return linear_models.DATA


@pytest.fixture(scope="module")
def trained(x):
    networks = linear_models.untrained()
    fit_lbfgs(networks.parameters(), lambda: -linear_models.elbo(networks, x), 150)
    return networks


def test_the_best_linear_autoencoder_has_the_likelihood_of_principal_components(x):
    networks, greatest = linear_models.optimal(x), linear_models.max_log_likelihood(x)
    assert float(linear_models.log_density(networks, x).mean().detach()) == pytest.approx(greatest, abs=1e-9)
    assert float(linear_models.elbo(networks, x).detach()) == pytest.approx(greatest, abs=1e-9)


def test_nothing_pulls_at_the_best_linear_autoencoder(x):
    networks = linear_models.optimal(x)
    for slope in torch.autograd.grad(linear_models.elbo(networks, x), list(networks.parameters())):
        assert slope.abs().max() < 1e-9


def test_training_from_elsewhere_reaches_that_likelihood_without_a_gap(x, trained):
    greatest, bound = linear_models.max_log_likelihood(x), float(linear_models.elbo(trained, x).detach())
    assert float(linear_models.elbo(linear_models.untrained(), x).detach()) < greatest - 1
    assert bound == pytest.approx(greatest, abs=1e-3)
    assert float(linear_models.log_density(trained, x).mean().detach()) == pytest.approx(bound, abs=1e-3)


def test_the_learned_deviation_is_that_of_the_noise_in_the_data(x, trained):
    found = trained["likelihood"].log_noise.detach().exp()
    assert float(found) == pytest.approx(float(linear_models.principal_components(x).variance.sqrt()), rel=1e-3)


def test_where_there_is_no_gap_a_single_draw_weighs_what_all_do(x):
    """log p(x, z) - log q(z | x) is log p(x), whatever z."""
    networks = linear_models.optimal(x)
    weights = log_weights(Play(networks, Batch(x), PRIOR), 3)
    assert torch.allclose(weights, linear_models.log_density(networks, x).expand(3, -1), atol=1e-9)


def test_bounds_are_the_tighter_the_more_draws_they_take(x):
    one, five, fifty = importance_bounds((1, 5, 50))
    truth = linear_models.log_density(linear_models.untrained(), x).detach().mean().expand(len(one))
    with torch.no_grad():
        elbo = linear_models.elbo(linear_models.untrained(), x)
    assert abs(one.mean() - elbo) < 4 * one.std() / math.sqrt(len(one))
    for low, high in ((one, five), (five, fifty), (fifty, truth)):
        step = high - low
        assert step.mean() > 4 * step.std() / math.sqrt(len(step))


def test_the_mean_weight_is_the_likelihood_itself(x):
    """Unbiased before the logarithm, at any number of draws."""
    networks = linear_models.untrained()
    with torch.no_grad():
        ratio = (
            log_weights(Play(networks, Batch(x[:8]), PRIOR), 20_000) - linear_models.log_density(networks, x[:8])
        ).exp()
    assert ((ratio.mean(dim=0) - 1).abs() < 4 * ratio.std(dim=0) / math.sqrt(len(ratio))).all()


def test_a_bound_of_equal_weights_is_that_weight():
    assert torch.allclose(importance_bound(torch.full((7, 3), -2.5)), torch.full((3,), -2.5))


def test_importance_sampling_finds_the_likelihood_of_each_sample(x):
    networks = linear_models.untrained()
    with torch.no_grad():
        truth = -linear_models.log_density(networks, x)
        weights = log_weights(Play(networks, Batch(x), PRIOR), 2000)
    error = (weights - weights.logsumexp(dim=0) + math.log(2000)).exp().std(dim=0) / math.sqrt(2000)
    found = importance_sampled(networks, PRIOR, Batch(x), k=2000)
    assert ((found - truth).abs() < 5 * error + 1e-6).all()


def test_more_draws_lower_the_estimate():
    x, networks = linear_models.DATA, linear_models.untrained()
    few, many = (
        torch.stack([importance_sampled(networks, PRIOR, Batch(x), k, s).mean() for s in range(12)]) for k in (1, 30)
    )
    assert few.min() > many.max()


def test_a_sample_is_weighed_alike_whatever_comes_after_its_hundred():
    x = torch.cat([linear_models.DATA] * 4)[:250]
    networks = linear_models.untrained()
    whole = importance_sampled(networks, PRIOR, Batch(x), k=40)
    part = importance_sampled(networks, PRIOR, Batch(torch.cat([x[:200], x[:7]])), k=40)
    assert whole.shape == (250,)
    assert torch.equal(whole[:200], part[:200])
    assert not torch.equal(whole[:50], importance_sampled(networks, PRIOR, Batch(x), k=40, seed=1)[:50])


def test_draws_at_a_time_do_not_matter(x, monkeypatch):
    """But by chance: at most one draw of each sample, or all at once."""
    networks, truth = (
        linear_models.untrained(),
        -linear_models.log_density(linear_models.untrained(), x).mean().detach(),
    )
    for rows in (1, 100_000):
        monkeypatch.setattr("equilibria.evaluation.metrics.likelihood._ROWS", rows)
        found = importance_sampled(networks, PRIOR, Batch(x), k=400).mean()
        assert float(found) == pytest.approx(float(truth), abs=0.01)


def test_weighing_leaves_the_callers_randomness_alone(x):
    torch.manual_seed(1)
    expected = torch.randn(3)
    torch.manual_seed(1)
    importance_sampled(linear_models.untrained(), PRIOR, Batch(x), k=3)
    bounds(linear_models.untrained(), PRIOR, Batch(x))
    assert torch.equal(torch.randn(3), expected)


def test_reported_bounds_are_the_elbo_in_nats_and_in_bits(x):
    networks, x = linear_models.untrained(), torch.cat([x] * 40)
    told = bounds(networks, PRIOR, Batch(x))
    assert told["negative_elbo"] == pytest.approx(-float(linear_models.elbo(networks, x[:64]).detach()), abs=0.15)
    assert told["bits_per_dimension"] == pytest.approx(told["negative_elbo"] / (linear_models.SAMPLE * math.log(2)))
    assert told["active_units"] == linear_models.LATENT
