"""Laws of the experiments on what a critic knows, at other settings than those that are stored."""

import math

import pytest

from equilibria.lab import run
from equilibria.lab.experiments import minus_log_d, parallel_lines
from equilibria.terms.penalties import PENALTIES
from equilibria.toys.disjoint_supports import critic_between_lines, wgan_gp_critic_between_lines


def test_at_each_sample_the_log_losses_differ_by_the_odds():
    record = run("vanishing-gradient", moves=5, age=3, data="ring", divergence="hinge", penalty="none")
    assert len(record.claims) == 1  # critics this young are not certain
    assert record.holds
    assert len(record.numbers["identity"]) == len(record.numbers["moves"])


@pytest.mark.long
@pytest.mark.parametrize("data", ["ring", "swiss_roll"])
def test_in_the_plane_only_what_theory_says_is_claimed(data):
    assert run("vanishing-gradient", data=data).holds


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_a_dropped_part_costs_kl_minus_twice_the_divergence(share):
    data, model = (1 - share, share), (1.0, 0.0)
    kl = math.log(1 / data[0])
    twice = sum(x * math.log(2 * x / (p + q)) for p, q in zip(data, model, strict=True) for x in (p, q) if x)
    numbers = run("minus-log-d", share=share, distance=3.0).numbers
    assert numbers["dropped"] == pytest.approx(kl - twice, abs=1e-4)
    assert minus_log_d.dropped(share) == pytest.approx((kl - twice, twice), abs=1e-9)
    assert minus_log_d.dropped(0.5)[0] == pytest.approx(0.261624, abs=1e-6)


@pytest.mark.parametrize("distance", [1.0, 2.0, 3.0])
def test_beyond_the_peaks_kl_and_the_divergence_pull_apart(distance):
    numbers = run("minus-log-d", distance=distance).numbers
    pulls = zip(numbers["means"], numbers["by kl"], numbers["by jsd"], strict=True)
    signs = [(kl > 0, jsd < 0) for mean, kl, jsd in pulls if mean >= distance]
    assert len(signs) > 10
    assert set(signs) == {(True, True)}


@pytest.mark.parametrize(("theta", "weight"), [(-0.3, 5.0), (0.8, 2.0)])
def test_a_penalized_critic_between_lines_measures_their_distance(theta, weight):
    critic = wgan_gp_critic_between_lines(theta, PENALTIES["gradient_penalty"](weight=weight), 150)
    norm = 1 + abs(theta) / (2 * weight)
    assert parallel_lines.gap(critic, theta) == pytest.approx(abs(theta) * norm, rel=0.01)
    assert parallel_lines.pull("wasserstein", critic, theta) == pytest.approx(math.copysign(norm, theta), rel=0.05)


def test_a_critic_that_separates_lines_pulls_nowhere():
    critic = critic_between_lines("minimax", -0.2, 60)
    assert parallel_lines.estimate("minimax", critic, -0.2) == pytest.approx(math.log(2), abs=1e-4)
    assert abs(parallel_lines.pull("minimax", critic, -0.2)) < 1e-2
    assert abs(parallel_lines.pull("non_saturating", critic, -0.2)) > 1
