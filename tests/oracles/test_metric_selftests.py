"""What the metrics say of real samples, before they say anything of a model."""

import math
import statistics

import pytest
import torch

from equilibria.core.seeding import generator
from equilibria.data import load_data
from equilibria.evaluation.features import choose
from equilibria.evaluation.metrics import METRICS
from equilibria.evaluation.metrics.base import SampleSets
from equilibria.evaluation.metrics.modes import modes, stacked_modes

MNIST_CLASSES = (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949)  # of the training part, by digit
TRIPLES = 26_000


@pytest.mark.parametrize("name", ["ring", "grid"])
def test_true_points_have_the_quality_and_the_divergence_of_theory(name):
    """2,500 of them: 1 - exp(-9/2) of high quality, and a reverse KL of (K - 1) / 2 n, on average over 20 sets."""
    data = load_data(name)
    found = [modes(part, *data.modes) for part in data.x.split(2500)]
    quality, divergence = (statistics.mean(each[figure] for each in found) for figure in ("high_quality", "reverse_kl"))
    assert quality == pytest.approx(1 - math.exp(-4.5), abs=0.002)
    high = quality * 2500
    assert divergence == pytest.approx((len(data.modes.centers) - 1) / 2 / high, rel=0.25)
    assert {each["modes"] for each in found} == {len(data.modes.centers)}


def test_every_triple_once_is_a_thousand_modes_and_no_divergence():
    every = torch.cartesian_prod(*[torch.arange(10)] * 3)
    assert stacked_modes(every) == {"stacked_modes": 1000.0, "stacked_kl": pytest.approx(0, abs=1e-12)}
    assert stacked_modes(every[:500].repeat(3, 1)) == {"stacked_modes": 500.0, "stacked_kl": pytest.approx(math.log(2))}
    assert stacked_modes(every[7:8].repeat(9, 1)) == {"stacked_modes": 1.0, "stacked_kl": pytest.approx(math.log(1000))}


@pytest.mark.parametrize(
    ("weights", "floor", "deviation"), [((1,) * 10, 0.0193, 0.0009), (MNIST_CLASSES, 0.0235, 0.0011)]
)
def test_triples_of_labels_have_the_floor_of_their_digits(weights, floor, deviation):
    digits = torch.tensor(weights).double().multinomial(3 * TRIPLES, replacement=True, generator=generator(4))
    found = stacked_modes(digits.view(-1, 3))
    assert found["stacked_modes"] == 1000
    assert found["stacked_kl"] == pytest.approx(floor, abs=4 * deviation)


@pytest.mark.long
def test_real_stacked_digits_reach_all_modes_through_the_classifier(data_root):
    data = load_data("stacked_mnist", data_root)
    metric = METRICS["stacked_modes"](data, classifier=choose("classifier", data, data_root))
    x = data.space.encode(data.x[:TRIPLES])
    found = metric.measure(SampleSets(x[:2], x, x[:2]))
    print({name: figure.value for name, figure in found.items()})
    assert found["stacked_modes"].value == 1000
    assert found["stacked_kl"].value == pytest.approx(0.0235, abs=0.004)


@pytest.mark.long
def test_ten_thousand_real_training_images_have_a_parzen_window_of_243_nats(data_root):
    """Centres: the first 10,000 of MNIST; the deviation chosen on 50,000 to 50,999; nats of the test images."""
    data = load_data("mnist", data_root)
    x, real = data.space.encode(data.x), data.space.encode(data.held_out)
    found = METRICS["parzen"](data).measure(SampleSets(real, x[:10_000], x[50_000:51_000]))
    print(found)
    assert found["parzen"].value == pytest.approx(243.6, abs=3)
    assert found["parzen"].error == pytest.approx(2.1, abs=0.1)
    assert found["parzen_deviation"].value == pytest.approx(10 ** (-7 / 9), rel=1e-6)
