"""Promises that every likelihood keeps."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.terms.likelihoods import LIKELIHOODS
from equilibria.verify.groups.likelihoods import build_likelihood, total_bernoulli, total_gaussian, total_levels

SHAPE = (2, 3, 3)
every = pytest.mark.parametrize("name", LIKELIHOODS)


def levels(count, seed=0, shape=SHAPE):
    """Pixels that are levels: (count, *shape)."""
    return torch.randint(256, (count, *shape), generator=torch.Generator().manual_seed(seed)).double() / 127.5 - 1


def decoded(count, seed=1, shape=SHAPE):
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed)).double()


@every
@pytest.mark.parametrize("count", [1, 16])
def test_each_sample_has_one_number_of_its_own(name, count):
    likelihood, x, raw = build_likelihood(name), levels(count), decoded(count)
    whole = likelihood(raw, x)
    assert whole.shape == (count,)
    assert torch.allclose(whole, torch.cat([likelihood(raw[i : i + 1], x[i : i + 1]) for i in range(count)]))


@every
def test_a_sample_is_as_likely_as_all_its_values_together(name):
    likelihood, x, raw = build_likelihood(name, (1, 3, 3)), levels(4, shape=(1, 3, 3)), decoded(4, shape=(1, 3, 3))
    parts = [likelihood(raw[..., i : i + 1], x[..., i : i + 1]) for i in range(3)]
    assert torch.allclose(likelihood(raw, x), sum(parts))


@every
def test_it_is_likeliest_at_what_was_decoded(name):
    """Up to the learned numbers, whose place does not matter."""
    likelihood, x = build_likelihood(name), (levels(8) > 0) * 2.0 - 1
    right = x * 20 if name == "bernoulli" else x
    best = likelihood(right, x)
    assert (likelihood(right + decoded(8) * 30, x) < best).all()


@every
def test_its_slope_is_that_of_differences(name):
    likelihood, x, raw = build_likelihood(name), levels(2), decoded(2).requires_grad_()
    assert torch.autograd.gradcheck(lambda raw: likelihood(raw, x), (raw,))
    for parameter in likelihood.parameters():
        (slope,) = torch.autograd.grad(likelihood(raw, x).sum(), parameter)
        with torch.no_grad():
            here, sides = parameter.clone(), []
            for step in (1e-5, -1e-5):
                parameter.copy_(here + step)
                sides.append(likelihood(raw, x).sum())
            parameter.copy_(here)
        assert float(slope.sum()) == pytest.approx(float(sides[0] - sides[1]) / 2e-5, rel=1e-5)


@pytest.mark.parametrize("logit", [-700.0, -3.0, 0.0, 0.4, 50.0])
def test_black_and_white_are_all_there_is(logit):
    assert total_bernoulli(logit) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("logit", [-2.0, 0.0, 1.5])
def test_white_is_as_likely_as_the_decoded_sample_says(logit):
    """tanh(decoded) = 2 p - 1."""
    raw = torch.full((1, 1, 1, 1), logit, dtype=torch.float64)
    found = build_likelihood("bernoulli", (1, 1, 1))(raw, torch.ones_like(raw)).exp()
    assert float(found) == pytest.approx((math.tanh(logit) + 1) / 2)


@pytest.mark.parametrize("noise", [1e-4, 0.05, 0.5, 30.0])
def test_a_gaussian_integrates_to_one(noise):
    assert total_gaussian(noise) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("decoded", [-1.0, -0.998, 0.31, 1.0, 4.0])
@pytest.mark.parametrize("scale", [1e-5, 0.01, 0.1, 1.0, 1e3])
def test_the_256_levels_sum_to_one(scale, decoded):
    assert total_levels(scale, decoded) == pytest.approx(1, abs=1e-6)


def test_a_gaussian_carries_all_constants():
    likelihood = LIKELIHOODS["gaussian"](nn.Tanh(), noise=0.3).double()
    x, raw = levels(4), decoded(4)
    want = torch.distributions.Normal(raw.tanh(), 0.3).log_prob(x).flatten(1).sum(dim=1)
    assert torch.allclose(likelihood(raw, x), want, atol=1e-5)


@pytest.mark.parametrize("level", [0, 1, 100, 254, 255])
def test_a_level_has_the_mass_of_the_logistic_around_it(level):
    """The outermost levels reach as far as there is anything."""
    likelihood = LIKELIHOODS["discretized_logistic"]((1, 1, 1), nn.Tanh(), scale=0.3).double()
    x, raw = torch.full((1, 1, 1, 1), level / 127.5 - 1).double(), torch.full((1, 1, 1, 1), 0.4).double()

    def below(edge):
        return torch.sigmoid((edge - raw.tanh()) / 0.3)

    low = 0 if level == 0 else below(x - 1 / 255)
    high = 1 if level == 255 else below(x + 1 / 255)
    assert float(likelihood(raw, x).exp().detach()) == pytest.approx(float(high - low), rel=1e-6)


def test_a_pixel_is_found_on_its_level_despite_rounding():
    """Single precision moves a level by a hair, and the edges stay edges."""
    likelihood = LIKELIHOODS["discretized_logistic"]((1, 1, 1), nn.Identity(), scale=0.02)
    x = (torch.arange(256).float() / 127.5 - 1).view(256, 1, 1, 1)
    assert float(likelihood(torch.full_like(x, 0.999), x).exp().sum().detach()) == pytest.approx(1, abs=1e-4)


def test_each_channel_has_a_width_of_its_own():
    likelihood = build_likelihood("discretized_logistic")
    likelihood(decoded(4), levels(4)).sum().backward()
    assert likelihood.log_scale.shape == (2, 1, 1)
    assert likelihood.log_scale.grad.ne(0).all()


@pytest.mark.parametrize("learned", [True, False])
def test_the_deviation_is_learned_where_it_is_to_be(learned):
    likelihood = LIKELIHOODS["gaussian"](nn.Identity(), noise=2.0, learned=learned)
    assert len(list(likelihood.parameters())) == learned
    assert float(likelihood.state_dict()["log_noise"]) == pytest.approx(math.log(2))


@pytest.mark.parametrize("name", ["bernoulli", "discretized_logistic"])
def test_pixels_are_for_images(name):
    with pytest.raises(Refusal, match=r"for images, and these samples have shape \(2,\): use 'gaussian'"):
        LIKELIHOODS[name](*[(2,), nn.Identity()][: 1 if name == "bernoulli" else 2])


@pytest.mark.parametrize(
    ("name", "option"),
    [("gaussian", {"noise": 0.0}), ("gaussian", {"noise": math.nan}), ("discretized_logistic", {"scale": -1.0})],
)
def test_a_width_of_nothing_is_refused(name, option):
    given = (nn.Identity(),) if name == "gaussian" else ((1, 2, 2), nn.Identity())
    with pytest.raises(Refusal, match="a finite number above 0 is needed"):
        LIKELIHOODS[name](*given, **option)
