"""Distances and modes where the truth is known."""

import math

import pytest
import torch

from equilibria.data import load_data
from equilibria.evaluation.metrics.modes import modes
from equilibria.evaluation.metrics.wasserstein import sliced_wasserstein


def draws(count, size=3, seed=0):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_shift_is_seen_by_its_mean_square_over_directions(size):
    x, shift = draws(100, size), torch.full((size,), 2.0)
    # E (u . s)^2 = |s|^2 / D over the sphere, and |s|^2 = 4 D
    assert sliced_wasserstein(x, x + shift, directions=4096) == pytest.approx(2.0, rel=0.03)


@pytest.mark.parametrize("scale", [0.5, 3.0])
def test_a_scale_scales_it(scale):
    x, y = draws(50), draws(70, seed=1)
    assert sliced_wasserstein(scale * x, scale * y) == pytest.approx(scale * sliced_wasserstein(x, y), rel=1e-5)


def test_a_set_is_at_no_distance_from_itself_in_any_order_or_multiplicity():
    x = draws(60)
    assert sliced_wasserstein(x, x.flip(0)) == 0
    assert sliced_wasserstein(x, x.repeat_interleave(3, dim=0)) == 0
    assert sliced_wasserstein(x.repeat(7, 1), x) == 0


def test_it_is_symmetric():
    x, y = draws(40), draws(90, seed=1) + 1
    assert sliced_wasserstein(x, y) == pytest.approx(sliced_wasserstein(y, x), rel=1e-6)


def test_sets_of_different_sizes_are_compared_by_their_quantiles():
    x, y = torch.tensor([[0.0], [1.0]]), torch.tensor([[0.0], [0.0], [3.0]])
    # halves against thirds: 0-0 for 1/3, 0-0 for 1/6, 1-0 for 1/6, 1-3 for 1/3
    assert sliced_wasserstein(x, y) == pytest.approx(math.sqrt(1 / 6 + 4 / 3), rel=1e-6)


def test_images_are_compared_as_vectors():
    x, y = draws(10, 12), draws(10, 12, seed=1)
    assert sliced_wasserstein(x.view(10, 3, 2, 2), y.view(10, 3, 2, 2)) == sliced_wasserstein(x, y)


def test_measuring_draws_from_no_generator_but_its_own():
    before = torch.random.get_rng_state()
    x, y = draws(10), draws(10, seed=1)
    assert sliced_wasserstein(x, y) == sliced_wasserstein(x, y)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(("name", "count"), [("ring", 8), ("grid", 25)])
def test_true_samples_are_of_high_quality_and_reach_every_mode(name, count):
    """Three deviations in the plane; within three along each axis would be 99.46 %."""
    data = load_data(name)
    found = modes(data.x, *data.modes)
    assert found["high_quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.0015)
    assert found["modes"] == count
    assert found["reverse_kl"] == pytest.approx(0, abs=0.02)


def test_a_collapsed_model_has_one_mode():
    centres, deviation = load_data("ring").modes
    found = modes(centres[:1].expand(100, 2), centres, deviation)
    assert found == {"high_quality": 1.0, "modes": 1.0, "reverse_kl": pytest.approx(math.log(8))}


def test_noise_is_of_no_quality():
    centres, deviation = load_data("ring").modes
    assert modes(torch.full((10, 2), 9.0), centres, deviation) == {
        "high_quality": 0.0,
        "modes": 0.0,
        "reverse_kl": math.inf,
    }
