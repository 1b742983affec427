"""What a run is chosen by and what it is reported on are different samples."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.seeding import generator
from equilibria.data import Data, load_data
from equilibria.data.spaces import Plane
from equilibria.runs.selection import held_out, reporting, selection


def points(held_out_count):
    x = torch.randn(held_out_count + 8, 2, generator=generator(3))
    return Data("points", Plane(), x[:8], x[8:])


@pytest.mark.parametrize("count", [2, 3, 180, 2047, 2048, 5000])
def test_every_held_out_sample_is_in_one_part_and_in_one_only(count):
    data = points(count)
    parts = torch.cat([selection(data), reporting(data)])
    assert torch.equal(parts.sort().values, torch.arange(count))


@pytest.mark.parametrize(
    ("count", "chosen_by"), [(1, 1), (2, 1), (3, 1), (180, 90), (2047, 1023), (2048, 1024), (9999, 1024)]
)
def test_half_of_few_and_1024_of_many_are_selected_by(count, chosen_by):
    assert len(selection(points(count))) == chosen_by


def test_the_selection_part_is_what_was_always_measured():
    data = load_data("ring")
    assert torch.equal(data.space.encode(data.held_out[selection(data)]), held_out(data, 1024))


def test_a_single_held_out_sample_leaves_nothing_to_report_on():
    with pytest.raises(Refusal, match="one held-out sample"):
        reporting(points(1))


def test_the_parts_of_the_same_data_are_always_the_same():
    one, other = load_data({"name": "grid", "count": 500}), load_data({"name": "grid", "count": 500})
    assert torch.equal(selection(one), selection(other))
    assert torch.equal(reporting(one), reporting(other))


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_data_know_their_modes(name):
    data = load_data({"name": name, "count": 5000, "spread": 0.01})
    assert data.modes.std == 0.01
    apart = data.x - data.modes.centers[data.y]
    assert float(apart.std()) == pytest.approx(0.01, rel=0.05)
    assert load_data("swiss_roll").modes is None
