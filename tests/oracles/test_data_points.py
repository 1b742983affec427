"""Points of the plane against their formulas."""

import math

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.data import DATASETS, data_builder


def modes_of(name, **options):
    return DATASETS[name](**options, count=1).modes


def test_no_two_modes_of_the_ring_coincide():
    centres, _ = modes_of("ring")
    assert centres.shape == (8, 2)
    assert torch.pdist(centres).min() > 1
    torch.testing.assert_close(centres.norm(dim=1), torch.full((8,), 2 / 1.414))


def test_the_grid_is_five_by_five_over_2_828():
    centres, sigma = modes_of("grid")
    assert {(round(float(x) * 2.828), round(float(y) * 2.828)) for x, y in centres} == {
        (x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)
    }
    assert sigma == 0.05 / 2.828


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_three_deviations_hold_what_a_plane_gaussian_says(name):
    centres, sigma = modes_of(name)
    data = DATASETS[name]()
    distance, nearest = torch.cdist(data.x, centres).min(dim=1)
    share = (distance <= 3 * sigma).double().mean()
    assert abs(share - (1 - math.exp(-4.5))) < 4 * math.sqrt(0.0111 * 0.9889 / len(data.x))
    assert nearest.bincount(minlength=len(centres)).min() > 0.9 * len(data.x) / len(centres)


def test_modes_follow_the_options():
    centres, sigma = modes_of("ring", modes=3, spread=0.5)
    assert (len(centres), sigma) == (3, 0.5)
    assert modes_of("swiss_roll") is None


def test_the_swiss_roll_without_noise_lies_on_its_spiral():
    x = DATASETS["swiss_roll"](noise=0.0).x.double() * 7.5
    t = x.norm(dim=1)
    assert t.min() >= 1.5 * math.pi - 1e-4
    assert t.max() <= 4.5 * math.pi + 1e-4
    torch.testing.assert_close(x, torch.stack([t * t.cos(), t * t.sin()], dim=1), atol=1e-4, rtol=0)


def test_the_default_line_is_real_and_theta_gives_the_other():
    real, other = DATASETS["lines"]().x, DATASETS["lines"](theta=0.7).x
    assert (real[:, 0] == 0).all()
    assert (other[:, 0] == 0.7).all()
    assert real[:, 1].min() >= 0
    assert real[:, 1].max() <= 1
    assert abs(real[:, 1].mean() - 0.5) < 0.01


def test_held_out_points_are_no_beginning_of_the_others():
    data = DATASETS["lines"](count=1000)
    assert not set(data.x[:, 1].tolist()) & set(data.held_out[:, 1].tolist())


def test_held_out_points_are_drawn_apart():
    data = DATASETS["ring"](count=1000)
    assert len(data.x) == 1000
    assert not set(map(tuple, data.x.tolist())) & set(map(tuple, data.held_out.tolist()))


@pytest.mark.parametrize(
    ("name", "options"),
    [("ring", {"modes": 0}), ("ring", {"count": 0}), ("grid", {"spread": -1.0}), ("swiss_roll", {"noise": -1.0})],
)
def test_impossible_options_are_refused_by_name(name, options):
    with pytest.raises(Refusal, match=next(iter(options))):
        DATASETS[name](**options)


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_labels_say_which_mode_a_point_is_from(name):
    data, (centres, _) = DATASETS[name](count=500), modes_of(name)
    for x, y in ((data.x, data.y), (data.held_out, data.held_out_y)):
        assert torch.equal(torch.cdist(x, centres).argmin(dim=1), y)
    assert data.labels.size == len(centres)


def test_hyphens_equal_underscores_in_names():
    assert data_builder("swiss-roll") is DATASETS["swiss_roll"]
    assert data_builder({"name": "swiss-roll", "noise": 0.1}) is DATASETS["swiss_roll"]
