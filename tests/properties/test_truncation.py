"""Laws of truncated latents."""

import math

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import generator
from equilibria.data.spaces import Plane
from equilibria.models.latents import truncate
from equilibria.models.model import Model
from equilibria.networks import GENERATORS

MIXED = {"parts": [{"name": "normal", "size": 4}, {"name": "uniform", "size": 2}, {"name": "categorical"}]}


def plain(prior):
    torch.manual_seed(0)
    network = GENERATORS["dense"]((2,), prior.size, 0, torch.nn.Identity(), width=16)
    return Model(torch.nn.ModuleDict({"generator": network}).eval(), Plane(), prior)


@pytest.mark.parametrize("threshold", [0.01, 0.7, 3.0])
def test_truncation_changes_only_what_lies_beyond(threshold):
    prior = PRIORS["normal"](size=50)
    z = prior.draw(200, generator(1))
    again = truncate(z, prior, threshold, generator(2))
    beyond = z.abs() > threshold
    assert torch.equal(again[~beyond], z[~beyond])
    assert (again[beyond] != z[beyond]).all()
    assert again.abs().max() <= threshold


def test_what_is_drawn_again_is_normal_within_the_threshold():
    prior = PRIORS["normal"](size=1000)
    z = truncate(prior.draw(500, generator(1)), prior, 0.8, generator(2)).double()
    density, share = math.exp(-0.32) / math.sqrt(2 * math.pi), math.erf(0.8 / math.sqrt(2))
    assert abs(z.mean()) < 4 * 0.8 / 500_000**0.5
    assert abs(z.var() - (1 - 2 * 0.8 * density / share)) < 2e-3
    beyond = truncate(torch.full((500, 1000), 9.0), prior, 0.8, generator(2)).double()
    assert abs(beyond.var() - (1 - 2 * 0.8 * density / share)) < 2e-3


def test_parts_that_are_not_normal_stay():
    prior = PRIORS["joint"](**MIXED)
    z = prior.draw(300, generator(1))
    again = truncate(z, prior, 0.1, generator(2))
    assert torch.equal(again[:, 4:], z[:, 4:])
    assert again[:, :4].abs().max() <= 0.1


@pytest.mark.parametrize("count", [1, 64, 130])
def test_a_truncated_sample_depends_on_the_seed_and_its_place_alone(count):
    model = plain(PRIORS["normal"](size=6))
    whole = model.sample(200, 3, truncation=0.5)
    assert torch.equal(model.sample(count, 3, truncation=0.5), whole[:count])
    assert not torch.equal(model.sample(count, 4, truncation=0.5), whole[:count])
    assert not torch.equal(whole[:64], whole[64:128])


def test_a_wide_threshold_changes_nothing():
    model = plain(PRIORS["normal"](size=6))
    assert torch.equal(model.sample(70, truncation=50.0), model.sample(70))


@pytest.mark.parametrize("name", ["uniform", "categorical"])
def test_truncation_of_other_priors_is_refused(name):
    with pytest.raises(Refusal, match=f"for normal latents; those of this model are {name}"):
        plain(PRIORS[name]()).sample(3, truncation=0.5)


@pytest.mark.parametrize("threshold", [0.0, -1.0, math.nan, math.inf])
def test_a_threshold_that_is_none_is_refused(threshold):
    with pytest.raises(Refusal, match="a number above 0 is needed"):
        plain(PRIORS["normal"](size=6)).sample(3, truncation=threshold)
