"""What a few seeds support: intervals that cover as often as they say, and no more claims than chance allows."""

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from equilibria.evaluation.metrics.base import PORTION, Provenance
from equilibria.studies.compare.statistics import MetricRow, conclusions, holm, interval, welch

PROVENANCE = Provenance("m", "ring", "f", "held out", 10, 10, "none", "", "none", 0, "best", "lowest", True)


def column(values, better="lower"):
    return MetricRow(
        "ring", "distance", better, PROVENANCE, None, values, {k: list(range(len(v))) for k, v in values.items()}
    )


def said(values, better="lower", begun=None):
    (text,) = conclusions([column(values, better)], begun or Counter({("ring", k): len(v) for k, v in values.items()}))
    return text


def test_the_interval_of_two_values_is_the_closed_form():
    known = interval([1.0, 3.0])  # t of one degree of freedom is Cauchy: tan(.475 pi) times the standard error, 1
    half = math.tan(math.pi * 0.475)
    assert known.low == pytest.approx(2 - half)
    assert known.high == pytest.approx(2 + half)


@pytest.mark.parametrize("seeds", [2, 3, 5])
def test_intervals_of_normal_values_cover_the_mean_19_times_in_20(seeds):
    draws = np.random.default_rng(0).normal(3.0, 2.0, (4000, seeds))
    known = [interval(row) for row in draws]
    share = np.mean([each.low <= 3.0 <= each.high for each in known])
    assert abs(share - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 4000)


def test_one_seed_has_no_interval():
    known = interval([0.3])
    assert (known.mean, known.low, known.high, known.count) == (0.3, None, None, 1)


def test_what_is_infinite_has_no_interval():
    assert interval([1.0, math.inf, 2.0]).low is None


def test_the_test_is_welchs():
    chance = np.random.default_rng(1)
    one, other = chance.normal(0, 1, 6), chance.normal(1, 3, 9)
    assert welch(one, other) == pytest.approx(stats.ttest_ind(one, other, equal_var=False).pvalue, rel=1e-12)


def test_groups_that_do_not_vary_are_told_apart_by_permutations():
    assert welch([8.0] * 5, [7.0] * 5) == pytest.approx(2 / 252)
    assert welch([8.0] * 5, [7.0] * 6) == pytest.approx(1 / 462)
    assert welch([8.0] * 5, [8.0] * 5) == 1.0


def test_corrected_chances_are_holms():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.6]) == pytest.approx([1.0, 1.0])
    assert holm([]) == []


def test_below_five_seeds_nothing_is_ranked():
    text = said({"a": [0.0, 0.001, 0.002, 0.003], "b": [9.0, 9.001, 9.002, 9.003]})
    assert "No ranking is claimed: it takes two recipes with 5 seeds each (--seeds 5)" in text
    assert text.endswith("a, b: 4 seeds, and no run failed.")  # what is missing does not read like a failure
    assert "better than" not in text


def test_one_recipe_of_enough_seeds_lacks_nothing():
    assert said({"a": [0.0, 0.1, 0.2, 0.1, 0.0]}).endswith("none of which failed.")


def test_an_interval_ends_where_values_do():
    values = {"a": [0.0, 2.0], "b": [0.9, 0.8]}
    assert column(values).interval("a").low < 0
    share = replace(column(values), limits=PORTION)
    assert (share.interval("a").low, share.interval("a").high, share.interval("b").high) == (0.0, 1.0, 1.0)


def test_from_five_seeds_on_a_clear_difference_is_said():
    values = {"a": [0.0, 0.1, 0.2, 0.1, 0.0], "b": [9.0, 9.1, 9.2, 9.0, 9.1]}
    assert "a is better than b (p < 0.0001)" in said(values)
    assert "b is better than a" in said(values, "higher")
    assert "a is lower than b" in said(values, "neither")


def test_no_difference_is_no_equality():
    text = said({"a": [1.0, 2.0, 3.0, 4.0, 5.0], "b": [1.5, 2.5, 3.5, 4.5, 2.0]})
    assert "No significant difference between a and b" in text


def test_equal_recipes_are_ranked_in_at_most_one_comparison_of_twenty():
    chance, claims, tries = np.random.default_rng(2), 0, 600
    for _ in range(tries):
        values = {name: list(chance.normal(1, 0.2, 5)) for name in "abcd"}
        claims += "better than" in said(values)
    assert claims / tries < 0.05 + 3 * math.sqrt(0.05 * 0.95 / tries)


def test_a_recipe_of_which_seeds_failed_is_not_ranked():
    values = {"a": [0.0, 0.1, 0.2, 0.1, 0.0], "b": [9.0, 9.1, 9.2, 9.0, 9.1]}
    text = said(values, begun=Counter({("ring", "a"): 6, ("ring", "b"): 5, ("ring", "c"): 5}))
    assert "better than" not in text
    assert "a: 1 of 6 seeds failed" in text
    assert "c: 5 of 5 seeds failed" in text


def test_what_is_not_finite_is_not_ranked():
    text = said({"a": [0.0, 0.1, 0.2, 0.1, math.inf], "b": [9.0, 9.1, 9.2, 9.0, 9.1]})
    assert "better than" not in text
    assert "not every value is finite" in text
