"""What belongs to one role: a generator's raw output, a prior that is told the condition, what builders are given."""

import io

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.posteriors import Gaussian
from equilibria.core.specs import make
from equilibria.networks import GENERATORS, NETWORKS, PRIOR_NETWORKS
from equilibria.recipes.build import resolve_network

LATENT, CONDITION, ROWS = 6, 3, 5
CONTEXT = {
    "shape": (1, 9, 8),
    "latent": LATENT,
    "condition": CONDITION,
    "output_activation": nn.Tanh(),
    "second_view": LATENT,
}
EVERY = [(role, name) for role, networks in NETWORKS.items() for name in (*networks, "auto")]
every_prior = pytest.mark.parametrize("name", PRIOR_NETWORKS)


def draws(*size, seed=1):
    return torch.randn(*size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("condition", [0, CONDITION])
@pytest.mark.parametrize("name", GENERATORS)
def test_samples_are_the_output_activation_of_what_a_generator_makes(name, condition):
    generator = GENERATORS[name]((1, 9, 8), LATENT, condition, nn.Sigmoid(), norm="group", width=8)
    z, y = draws(ROWS, LATENT), draws(ROWS, CONDITION) if condition else None
    raw = generator.raw(z, y)
    assert raw.shape == (ROWS, 1, 9, 8)
    assert raw.min() < 0
    assert torch.equal(generator(z, y), raw.sigmoid())
    with pytest.raises(Refusal, match="condition"):
        generator.raw(z, None if condition else draws(ROWS, CONDITION))


@pytest.mark.parametrize(("role", "name"), EVERY)
def test_a_builder_takes_what_it_knows_of_all_that_there_is(role, name):
    """And builds the same whatever else there is."""
    built = []
    for more in ({}, {"vocabulary": 7}):
        torch.manual_seed(0)
        spec = resolve_network(role, {"name": name}, CONTEXT["shape"], penalized=True, conditional=True)
        built.append(make(NETWORKS[role], spec, f"networks.{role}", **CONTEXT, **more).state_dict())
    one, other = built
    assert list(one) == list(other)
    assert all(torch.equal(one[key], other[key]) for key in one)


@every_prior
def test_a_prior_network_starts_at_the_standard_normal_and_learns_to_follow_the_condition(name):
    torch.manual_seed(0)
    prior, y = PRIOR_NETWORKS[name](LATENT, CONDITION), torch.eye(CONDITION)
    start = prior(y)
    assert torch.equal(start.mean, torch.zeros(CONDITION, LATENT))
    assert torch.equal(start.log_variance, torch.zeros(CONDITION, LATENT))
    target = Gaussian(draws(CONDITION, LATENT), draws(CONDITION, LATENT, seed=2))
    optimizer = torch.optim.Adam(prior.parameters(), lr=0.02)
    for _ in range(200):
        optimizer.zero_grad()
        target.divergence(prior(y)).sum().backward()
        optimizer.step()
    assert all(p.grad.abs().max() > 0 for p in prior.parameters())
    torch.testing.assert_close(prior(y).mean, target.mean, atol=0.05, rtol=0)
    torch.testing.assert_close(prior(y).log_variance, target.log_variance, atol=0.05, rtol=0)


@every_prior
def test_a_prior_network_is_what_is_saved_of_it_and_takes_rows_one_by_one(name):
    saved, other, y = (
        *(PRIOR_NETWORKS[name](LATENT, CONDITION, width=8, depth=2) for _ in range(2)),
        draws(4, CONDITION),
    )
    nn.init.normal_(saved.layers[-1].weight)
    torch.save(saved.state_dict(), file := io.BytesIO())
    other.load_state_dict(torch.load(io.BytesIO(file.getvalue()), weights_only=True))
    assert torch.equal(other(y).mean, saved(y).mean)
    torch.testing.assert_close(saved(y[1:2]).log_variance, saved(y).log_variance[1:2])
    assert (saved(y).mean[0] - saved(y).mean[1]).abs().max() > 1e-3


@every_prior
def test_a_prior_network_without_a_condition_is_refused(name):
    with pytest.raises(Refusal, match="needs a condition, and there is none"):
        PRIOR_NETWORKS[name](LATENT, 0)
    with pytest.raises(Refusal, match="a condition of width 2"):
        PRIOR_NETWORKS[name](LATENT, CONDITION)(draws(ROWS, 2))
    for options in ({"width": 0}, {"depth": 0}):
        with pytest.raises(Refusal, match="it needs at least one"):
            PRIOR_NETWORKS[name](LATENT, CONDITION, **options)
