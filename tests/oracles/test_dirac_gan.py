"""The Dirac-GAN (Mescheder et al. 2018) played by the real loop: data at 0, a generator that is one point, a line.

Scores are high for real, the critic moves first, from (theta, psi) = (1, -1), at rate 0.2, for 500 rounds.
"""

import math

import pytest

from equilibria.terms.penalties import PENALTIES
from equilibria.training.loop import run_rounds
from scalars import numbers, scalars

ORDERS = ("simultaneous", "alternating")


def distance(order, divergence, penalties=None, **options):
    """|(theta, psi)| after 500 rounds."""
    return float(numbers(run_rounds(scalars(divergence, order, penalties, **options), 500)).norm())


def in_both_orders(simultaneous, alternating):
    return pytest.mark.parametrize(("order", "expected"), list(zip(ORDERS, (simultaneous, alternating), strict=True)))


@in_both_orders(3.10, 1.413)
def test_without_a_penalty_the_gan_circles(order, expected):
    assert distance(order, "minimax") == pytest.approx(expected, rel=0.01)


def by_hand(order, generator_sees, rounds=500, rate=0.2):
    """|(theta, psi)| from the formula alone; the generator's slope is f' at `generator_sees` times psi theta."""
    theta, psi = 1.0, -1.0
    for _ in range(rounds):
        steeper = psi - rate * theta / (1 + math.exp(psi * theta) ** -1)
        seen = psi if order == "simultaneous" else steeper
        theta += rate * seen / (1 + math.exp(-generator_sees * seen * theta))
        psi = steeper
    return math.hypot(theta, psi)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(("divergence", "generator_sees"), [("minimax", 1), ("non_saturating", -1)])
def test_the_path_is_the_formulas(order, divergence, generator_sees):
    """The non-saturating generator sees f' at -psi theta: its path closes in, slower than any exponential."""
    assert distance(order, divergence) == pytest.approx(by_hand(order, generator_sees), rel=1e-9)


@in_both_orders(1.00, 0.985)
def test_clipping_does_not_stop_the_wgan(order, expected):
    assert distance(order, "wasserstein", clip=1.0) == pytest.approx(expected, rel=0.01)


@in_both_orders(1.80, 1.280)
def test_slope_one_does_not_stop_the_wgan(order, expected):
    slope = {"slope": PENALTIES["gradient_penalty"](weight=0.35)}
    assert distance(order, "wasserstein", slope) == pytest.approx(expected, rel=0.01)


@in_both_orders(2.6e-6, 2.383e-7)
def test_flat_on_the_data_contracts(order, expected):
    reached = distance(order, "minimax", {"r1": PENALTIES["r1"](weight=0.3)})
    assert math.log10(reached) == pytest.approx(math.log10(expected), abs=0.05)


@in_both_orders(9.5e-22, 8.489e-17)
def test_at_the_critical_weight_it_contracts_fastest(order, expected):
    reached = distance(order, "minimax", {"r1": PENALTIES["r1"](weight=1.0)})
    assert math.log10(reached) == pytest.approx(math.log10(expected), abs=0.05)


@pytest.mark.parametrize("order", ORDERS)
def test_noise_on_both_sides_stops_the_gan(order):
    assert distance(order, "minimax", noise=0.7, data=(0.0,) * 256, batch=256) < 0.1
