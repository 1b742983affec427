"""Metrics on distributions whose truth is known."""

import math
import statistics

import pytest
import torch

from equilibria.core.seeding import generator
from equilibria.data import Data, load_data
from equilibria.data.spaces import Image
from equilibria.evaluation.metrics import METRICS
from equilibria.evaluation.metrics.base import SampleSets
from equilibria.evaluation.metrics.c2st import by_neighbor, by_network, divergence
from equilibria.evaluation.metrics.likelihood import log_densities
from equilibria.evaluation.metrics.mmd import Kernel, kernel_distance, unbiased
from equilibria.evaluation.metrics.wasserstein import (
    between_gaussians,
    frechet_distance,
    sliced_wasserstein,
    wasserstein_distance,
)

POINTS = load_data({"name": "ring", "count": 5})


def draws(count, size, seed, mean=0.0, deviation=1.0):
    return mean + deviation * torch.randn(count, size, generator=generator(seed, 11), dtype=torch.float64)


def quantiles(count, mean=0.0, deviation=1.0):
    """A Gaussian's own, evenly: (count, 1)."""
    shares = (torch.arange(count, dtype=torch.float64) + 0.5) / count
    return torch.distributions.Normal(mean, deviation).icdf(shares)[:, None]


def measured(name, real, fake, train=None, **options):
    found = METRICS[name](POINTS, **options).measure(SampleSets(real, fake, real if train is None else train))
    return {figure: value for figure, (value, _) in found.items()}, {
        figure: error for figure, (_, error) in found.items()
    }


def mean_and_error(values):
    return statistics.mean(values), statistics.stdev(values) / math.sqrt(len(values))


def test_frechet_between_gaussians_that_do_not_turn_is_a_distance_of_means_and_deviations():
    mean, other = torch.tensor([0.0, 1.0, 2.0]).double(), torch.tensor([1.0, 1.0, 0.0]).double()
    spread, wider = torch.tensor([1.0, 2.0, 0.0]).double(), torch.tensor([3.0, 0.5, 1.0]).double()
    found = between_gaussians(mean, spread.square().diag(), other, wider.square().diag())
    assert found == pytest.approx(float((mean - other).square().sum() + (spread - wider).square().sum()), rel=1e-9)


def test_frechet_of_many_samples_is_that_of_their_distributions():
    assert frechet_distance(draws(20_000, 2, 0), draws(20_000, 2, 1, 1.0, 2.0)) == pytest.approx(4, rel=0.05)


@pytest.mark.parametrize("size", [1, 3])
def test_frechet_is_biased_by_one_over_n(size):
    for count in (100, 400):
        found = [frechet_distance(draws(count, size, 2 * i), draws(count, size, 2 * i + 1)) for i in range(150)]
        mean, error = mean_and_error(found)
        assert mean == pytest.approx(size * (size + 5) / 2 / count, abs=3.5 * error + 2 * size / count**1.5)
        assert mean > 5 * error


@pytest.mark.parametrize(("kernel", "wanted"), [(Kernel(1, 1.0), 1.0), (Kernel(2, 1.0), 3.0)])
def test_a_kernel_distance_is_one_of_moments(kernel, wanted):
    """(x y + 1)^2 compares second moments, 2 against 1, and twice the means, 1 against 0."""
    found = [float(unbiased(draws(400, 1, 2 * i, 1.0), draws(400, 1, 2 * i + 1), kernel)) for i in range(40)]
    mean, error = mean_and_error(found)
    assert mean == pytest.approx(wanted, abs=3.5 * error)


def test_the_kernel_distance_of_equal_distributions_is_zero_on_average():
    found = [float(unbiased(draws(40, 3, 2 * i), draws(60, 3, 2 * i + 1))) for i in range(300)]
    mean, error = mean_and_error(found)
    assert abs(mean) < 3 * error
    assert min(found) < 0 < max(found)


@pytest.mark.parametrize(("shift", "least", "most"), [(0.5, 0.75, 1.4), (0.0, 0.9, 4.0)])
def test_the_error_of_the_kernel_distance_is_its_deviation_over_new_samples(shift, least, most):
    """For equal distributions it is too large: they vary like 1 / n, and not like its root."""
    found = [kernel_distance(draws(200, 2, 2 * i, shift), draws(200, 2, 2 * i + 1), size=60) for i in range(60)]
    ratio = statistics.mean(each.error for each in found) / statistics.stdev(each.value for each in found)
    assert least < ratio < most


@pytest.mark.parametrize(("mean", "deviation", "wanted"), [(1.0, 1.0, 1.0), (0.0, 2.0, math.sqrt(2 / math.pi))])
def test_wasserstein_one_between_gaussians(mean, deviation, wanted):
    found = wasserstein_distance(quantiles(500), quantiles(400, mean, deviation))
    assert found == pytest.approx(wanted, abs=0.01)


@pytest.mark.parametrize(("mean", "deviation"), [(1.0, 1.0), (0.0, 2.0)])
def test_wasserstein_two_between_gaussians(mean, deviation):
    found = wasserstein_distance(quantiles(500), quantiles(400, mean, deviation), order=2)
    assert found == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("size", [1, 4])
def test_sliced_wasserstein_of_a_wider_gaussian_is_how_much_wider_it_is(size):
    assert sliced_wasserstein(draws(6000, size, 0), draws(6000, size, 1, 0, 3)) == pytest.approx(2, rel=0.04)


def test_equal_distributions_have_density_one_and_the_coverage_of_fair_coins():
    """Of a point's k nearest among 2 n - 1 exchangeable ones all are real with probability about 1 / 2^k."""
    found = [measured("density_coverage", draws(400, 2, 2 * i), draws(400, 2, 2 * i + 1), k=3)[0] for i in range(12)]
    for figure, wanted in (("density", 1.0), ("coverage", 1 - 1 / 8)):
        mean, error = mean_and_error([each[figure] for each in found])
        assert mean == pytest.approx(wanted, abs=3.5 * error + 0.003), figure


def test_precision_is_of_the_samples_and_recall_is_of_the_data():
    real = torch.cat([draws(200, 2, 0), draws(200, 2, 1, 50.0)])
    value, _ = measured("precision_recall", real, draws(400, 2, 2))
    assert value["precision"] > 0.9
    assert value["recall"] == pytest.approx(0.5, abs=0.05)


def test_equal_distributions_are_told_apart_by_chance_and_say_so():
    found = [by_neighbor(draws(150, 2, 2 * i), draws(150, 2, 2 * i + 1)) for i in range(200)]
    mean, error = mean_and_error([accuracy.value for accuracy, _ in found])
    assert mean == pytest.approx(149 / 299, abs=3.5 * error)
    assert sum(p < 0.1 for _, p in found) / len(found) == pytest.approx(0.1, abs=0.07)
    ratio = statistics.mean(a.error for a, _ in found) / statistics.stdev(a.value for a, _ in found)
    assert ratio == pytest.approx(1, abs=0.15)


def test_copies_are_their_own_nearest_and_never_told_right():
    real = draws(100, 3, 0)
    assert by_neighbor(real, real)[0].value == 0


def test_a_network_tells_gaussians_apart_as_often_as_can_be():
    """The best share between N(0, 1) and N(1, 1) is that of a normal below one half: .6915."""
    accuracy, p = by_network(draws(1000, 1, 0), draws(1000, 1, 1, 1.0), steps=300)
    assert accuracy.value == pytest.approx(0.6915, abs=3 * accuracy.error)
    assert p < 1e-6


def test_an_own_critic_bounds_the_divergence_from_below():
    """The Jensen-Shannon divergence of N(0, 1) and N(1, 1) is .111421 nats."""
    found = divergence(draws(2000, 1, 0), draws(4000, 1, 1, 1.0), draws(2000, 1, 2), steps=600)
    assert found.value < 0.111421 + 3 * found.error
    assert found.value > 0.111421 - 3 * found.error - 0.005


def test_an_own_critic_finds_log_two_between_what_does_not_touch_and_nothing_between_equals():
    apart = divergence(draws(300, 2, 0), draws(600, 2, 1, 30.0), draws(300, 2, 2), steps=400)
    assert apart.value == pytest.approx(math.log(2), abs=0.01)
    equal = divergence(draws(300, 2, 0), draws(600, 2, 1), draws(300, 2, 2), steps=500)
    assert equal.value == pytest.approx(0, abs=3 * equal.error + 0.005)


def test_an_own_critic_sees_detail_much_smaller_than_the_whole():
    """Eight modes on a circle of radius 1.4, of deviation .014 against .1."""
    ring, wide = (load_data({"name": "ring", "spread": s, "count": 4000}) for s in (0.02 / 1.414, 0.1))
    assert divergence(ring.held_out, wide.x[:2000], ring.x[:1500], steps=600).value > 0.3


def test_pixels_are_judged_as_bytes_keep_them():
    raw = torch.randint(256, (600, 1, 2, 2), generator=generator(0), dtype=torch.uint8)
    data = Data("pictures", Image(1, 2, 2), raw[:400], raw[400:])
    real, train = data.space.encode(data.held_out), data.space.encode(data.x[:200])
    darker = data.space.encode(data.x[200:] // 2)  # so that there is something to tell
    fake = darker + 0.9 / 255 * torch.rand(200, 1, 2, 2, generator=generator(1)) - 0.45 / 255
    metric = METRICS["held_out_critic"](data, moves=100)
    found = metric.measure(SampleSets(real, darker, train))
    assert found["held_out_critic"].value > 0.1
    assert metric.measure(SampleSets(real, fake, train)) == found


@pytest.mark.parametrize("share", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("seen", [1, 4])
def test_memorization_is_the_share_of_copies(share, seen):
    """However many training samples there are for a held-out one."""
    found = []
    for i in range(30):
        real, train, fake = draws(200, 4, 3 * i), draws(200 * seen, 4, 3 * i + 1), draws(200, 4, 3 * i + 2)
        copied = int(200 * share)
        found.append(measured("memorization", real, torch.cat([train[:copied], fake[copied:]]), train))
    mean, error = mean_and_error([value["memorization"] for value, _ in found])
    assert mean == pytest.approx(share, abs=4 * error + 1e-9)
    if share == 0:
        expected = statistics.mean(errors["memorization"] for _, errors in found)
        assert expected == pytest.approx(error * math.sqrt(30), rel=0.5)


def test_samples_that_are_far_from_everything_are_no_copies():
    """Of all of them the nearest is the same sample, of whichever set."""
    for i in range(5):
        real, train, fake = draws(200, 2, 3 * i), draws(400, 2, 3 * i + 1), draws(200, 2, 3 * i + 2, mean=30.0)
        assert METRICS["memorization"](POINTS).measure(SampleSets(real, fake, train))["memorization"] == (0, 0)


def test_the_ratio_of_memorization_is_one_for_new_samples_and_zero_for_copies():
    real, train = draws(300, 3, 0), draws(900, 3, 1)
    assert measured("memorization", real, draws(300, 3, 2), train)[0]["memorization_ratio"] == pytest.approx(
        1, abs=0.15
    )
    assert measured("memorization", real, train[:300], train)[0]["memorization_ratio"] == 0


def test_a_single_kernel_of_parzen_is_a_normal_density():
    x = draws(5, 3, 0)
    normal = torch.distributions.Normal(torch.ones(3).double(), 0.7)
    found = log_densities(x, torch.ones(1, 3).double(), torch.tensor([0.7]).double())[0]
    torch.testing.assert_close(found, normal.log_prob(x).sum(dim=1))


def test_parzen_takes_the_deviation_that_training_images_like_best():
    """Of noise of deviation .2 around one picture, as centres, new such noise likes about .2."""
    pictures = Data("pictures", Image(1, 2, 2), torch.zeros(9, 1, 2, 2, dtype=torch.uint8), torch.zeros(9, 1, 2, 2))
    real, fake, train = (draws(300, 4, i, 0.0, 0.4).view(-1, 1, 2, 2) for i in range(3))
    found = METRICS["parzen"](pictures).measure(SampleSets(real, fake, train))
    tried = torch.logspace(-1, 0, 10).double()
    best = log_densities((train.flatten(1) + 1) / 2, (fake.flatten(1) + 1) / 2, tried).mean(dim=1).argmax()
    assert found["parzen_deviation"].value == pytest.approx(float(tried[best]))
    truth = torch.distributions.Normal(0.5, 0.2).log_prob((real.flatten(1) + 1) / 2).sum(dim=1).mean()
    assert found["parzen"].value == pytest.approx(float(truth), abs=0.3)
    assert found["parzen"].value < float(truth)
