"""Which round is the best: the newest that chance alone may have made worse than the lowest."""

import statistics
from types import SimpleNamespace

import pytest
import torch

from equilibria.data import load_data
from equilibria.data.dataset import Data
from equilibria.data.spaces import Plane
from equilibria.evaluation.metrics.base import Measurement
from equilibria.evaluation.metrics.wasserstein import sliced_wasserstein
from equilibria.runs.observers import Checkpointer
from equilibria.runs.selection import held_out_batch, real_levels, selection


def chosen(values, by_chance=0.1, name="distance", best=None):
    """The best round after measures of rounds 1, 2, ..."""
    since = SimpleNamespace(best=best, milestone=0)
    keeper = Checkpointer(
        SimpleNamespace(log=None, examine=None), None, since, lambda: {"distance": Measurement(0.0, by_chance)}
    )
    for step, value in enumerate(values, start=1):
        marked = keeper.choose(step, name, value)
        assert marked == (keeper.best["step"] == step)
    return keeper.best


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([1.0], 1),
        ([3.0, 2.0, 1.0], 3),
        ([3.0, 1.0, 2.0], 2),  # worse, and not by chance
        ([3.0, 1.0, 1.05, 1.09], 4),  # chance: the newest counts
        ([1.0, 1.09, 1.18], 2),  # chance is reckoned from the lowest, so nothing creeps upwards
        ([1.0, 1.09, 0.95, 1.04], 4),
        ([1.0, float("nan"), 2.0], 1),
    ],
)
def test_the_newest_round_within_chance_of_the_lowest_is_the_best(values, step):
    assert chosen(values)["step"] == step


@pytest.mark.parametrize(
    ("values", "change"),
    [
        ([1.0], "first"),
        ([1.0, 0.8], "better"),
        ([1.0, 0.95], "unchanged"),
        ([1.0, 1.05], "unchanged"),
        ([1.0, 1.05, 0.9, 1.05], "worse"),  # against the lowest
        ([1.0, float("nan")], "worse"),
    ],
)
def test_a_change_is_against_the_lowest_and_beyond_chance(values, change):
    keeper = Checkpointer(
        SimpleNamespace(log=None, examine=None), None, None, lambda: {"distance": Measurement(0.0, 0.1)}
    )
    for step, value in enumerate(values):
        last = keeper.change("distance", value)
        keeper.choose(step, "distance", value)
    assert last == change


def test_a_measure_that_chance_does_not_move_is_taken_at_its_word():
    assert chosen([1.0, 1.0 + 1e-9], name="elbo")["step"] == 1
    assert chosen([2.0, 1.0, 1.0], name="elbo")["step"] == 3


def test_what_was_chosen_before_is_gone_on_with():
    assert chosen([0.55], best={"step": -5, "value": 0.5})["step"] == 1  # of an older version
    assert chosen([0.65], best={"step": -5, "value": 0.6, "lowest": 0.5})["step"] == -5


def test_the_level_of_real_data_and_chance_are_those_among_real_samples():
    data = load_data("ring")
    real = held_out_batch(data, len(selection(data))).x
    drawn = [data.space.encode(data.x[torch.randint(len(data.x), (len(real),))]) for _ in range(60)]
    distances = [sliced_wasserstein(real, x) for x in drawn]
    expected = statistics.stdev(distances)
    level = real_levels(data)["sliced_wasserstein"]
    assert expected / 2 < level.error < 2 * expected
    assert level.value == pytest.approx(statistics.fmean(distances), abs=2 * expected)


def test_data_of_one_sample_over_and_over_differ_by_no_chance():
    ones = torch.ones(64, 2)
    assert real_levels(Data("ones", Plane(), ones, ones))["sliced_wasserstein"] == (0.0, 0.0)
