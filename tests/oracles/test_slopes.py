"""Penalties in closed form: linear critics, and two point masses."""

import pytest
import torch

from equilibria.core.seeding import reseed
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.penalties import PENALTIES, Duel

SIZES = [1, 16, 64]


def linear_duel(count, slope=1.0, width=12):
    """A critic whose slope is `slope` everywhere, and a batch."""
    source = torch.Generator().manual_seed(count)
    direction = torch.randn(width, generator=source, dtype=torch.float64)
    direction = slope * direction / direction.norm()
    real, fake = torch.randn(2, count, 3, 4, generator=source, dtype=torch.float64)
    critic = lambda x: x.flatten(1) @ direction  # noqa: E731
    return Duel(critic, (real,), (fake,))


SLOPE_ONE = [("gradient_penalty", {}), ("gradient_penalty", {"one_sided": True}), ("dragan", {})]


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize(("name", "options"), SLOPE_ONE)
def test_a_critic_of_slope_one_pays_nothing(count, name, options):
    """One norm over the whole batch would charge weight (sqrt(B) - 1)^2: 490 at batch 64 and weight 10."""
    assert PENALTIES[name](**options)(linear_duel(count)).abs().max() < 1e-20


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("name", ["gradient_penalty", "dragan"])
def test_penalties_on_the_slope_charge_its_squared_distance_from_the_wanted_one(count, name):
    for slope, wanted, expected in ((1.5, 1.0, 2.5), (0.5, 1.0, 2.5), (1.5, 2.0, 2.5), (1.5, 0.0, 22.5)):
        costs = PENALTIES[name](weight=10.0, target_norm=wanted)(linear_duel(count, slope))
        assert torch.allclose(costs, torch.full_like(costs, expected))


@pytest.mark.parametrize("count", SIZES)
def test_the_zero_centered_penalty_is_the_squared_slope(count):
    costs = PENALTIES["zero_centered"](weight=10.0)(linear_duel(count, 3.0))
    assert torch.allclose(costs, torch.full_like(costs, 90.0))


def bowl(x):
    """A critic whose slope at x is x itself."""
    return x.square().flatten(1).sum(dim=1) / 2


@pytest.mark.parametrize(
    ("name", "options"),
    [("zero_centered", {}), ("gradient_penalty", {"target_norm": 0.0}), ("divergence_penalty", {"power": 2.0})],
)
def test_penalties_between_real_and_fake_are_measured_all_over_there(name, options):
    reseed(0)
    real, fake = torch.full((512, 1), 1.0), torch.full((512, 1), 3.0)
    places = PENALTIES[name](weight=1.0, **options)(Duel(bowl, (real,), (fake,))).sqrt()
    assert places.min() >= 1
    assert places.max() <= 3
    assert places.mean().item() == pytest.approx(2, abs=0.1)  # uniform: deviation of the mean 0.026


def test_dragan_is_measured_around_the_data_alone():
    """The mean of (x + noise)^2, where the noise has half the batch's deviation, which is 1, at x = 1 and at x = 3."""
    reseed(0)
    real, fake = torch.tensor([[1.0], [3.0]]).repeat(2048, 1), torch.full((4096, 1), 100.0)
    costs = PENALTIES["dragan"](weight=1.0, target_norm=0.0)(Duel(bowl, (real,), (fake,)))
    low, high = costs.view(-1, 2).mean(dim=0).tolist()
    assert low == pytest.approx(1 + 0.25, abs=0.1)
    assert high == pytest.approx(9 + 0.25, abs=0.2)
    assert costs.unique().numel() > 4000, "samples share their noise"


def test_dragan_without_spread_is_measured_on_the_data():
    real = torch.linspace(-3, 3, 16)[:, None]
    costs = PENALTIES["dragan"](weight=1.0, std=0.0)(Duel(bowl, (real,), (real,)))
    assert torch.allclose(costs, (real[:, 0].abs() - 1) ** 2)


@pytest.mark.parametrize("count", SIZES)
def test_dragan_knows_the_scale_of_a_batch_of_any_size(count):
    costs = PENALTIES["dragan"]()(Duel(bowl, (torch.ones(count, 1),), (torch.zeros(count, 1),)))
    assert torch.equal(costs, torch.zeros(count))


def test_one_sided_penalty_forgives_gentle_slopes():
    gentle, steep = (PENALTIES["gradient_penalty"](one_sided=True)(linear_duel(16, slope)) for slope in (0.5, 1.5))
    assert gentle.abs().max() == 0
    assert torch.allclose(steep, torch.full_like(steep, 2.5))


@pytest.mark.parametrize("count", SIZES)
@pytest.mark.parametrize("name", ["r1", "r2"])
def test_r1_and_r2_are_half_gamma_times_the_squared_slope(name, count):
    costs = PENALTIES[name](weight=10.0)(linear_duel(count, 3.0))
    assert torch.allclose(costs, torch.full_like(costs, 45.0))


@pytest.mark.parametrize("name", ["r1", "r2"])
def test_r1_is_measured_on_data_and_r2_on_samples(name):
    critic = lambda x: x.square().sum(dim=1) / 2  # noqa: E731 - the slope at x is x itself
    real, fake = torch.full((4, 2), 1.0), torch.full((4, 2), 3.0)
    costs = PENALTIES[name](weight=2.0)(Duel(critic, (real,), (fake,)))
    assert torch.allclose(costs, torch.full((4,), {"r1": 2.0, "r2": 18.0}[name]))


@pytest.mark.parametrize(("sampler", "expected"), [("real", 2.0), ("fake", 1458.0), ("both", 730.0)])
def test_divergence_penalty_is_measured_where_asked(sampler, expected):
    critic = lambda x: x.square().sum(dim=1) / 2  # noqa: E731
    real, fake = torch.tensor([[1.0], [1.0]]), torch.tensor([[3.0], [3.0]])
    penalty = PENALTIES["divergence_penalty"](weight=2.0, power=6.0, sampler=sampler)
    costs = penalty(Duel(critic, (real,), (fake,)))
    assert torch.allclose(costs, torch.full((2,), expected))


def best_slope(penalty, distance, count=16):
    """The slope, the gap and the cost of the best linear critic between two point masses, by ascent."""
    slope = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    real, fake = torch.full((count, 1), distance, dtype=torch.float64), torch.zeros(count, 1, dtype=torch.float64)
    critic = lambda x: slope * x[:, 0]  # noqa: E731
    optimizer = torch.optim.LBFGS([slope], max_iter=200, tolerance_grad=1e-12, line_search_fn="strong_wolfe")

    def parts():
        duel = Duel(critic, (real,), (fake,))
        return DIVERGENCES["wasserstein"]().critic(duel.real_scores, duel.fake_scores).mean(), penalty(duel).mean()

    def closure():
        optimizer.zero_grad()
        loss = sum(parts())
        loss.backward()
        return loss

    optimizer.step(closure)
    divergence, cost = parts()
    return slope.item(), -divergence.item(), cost.item()


@pytest.mark.parametrize(
    ("weight", "target", "distance", "one_sided"),
    [(1.0, 1.0, 1.0, False), (10.0, 1.0, 3.0, True), (0.1, 2.0, 0.5, False)],
)
def test_two_points_under_the_gradient_penalty(weight, target, distance, one_sided):
    """At distance d the best slope is target + d / (2 lambda), the gap d times that; and d is read back."""
    penalty = PENALTIES["gradient_penalty"](weight=weight, target_norm=target, one_sided=one_sided)
    slope, gap, _ = best_slope(penalty, distance)
    assert slope == pytest.approx(target + distance / (2 * weight), rel=1e-5)
    assert gap == pytest.approx(distance * slope, rel=1e-5)
    assert penalty.distance(gap) == pytest.approx(distance, rel=1e-5)
    assert penalty.distance(-1.0) == penalty.distance(0.0) == 0


@pytest.mark.parametrize("name", PENALTIES)
def test_a_distance_is_read_only_from_a_gap_that_a_target_norm_bounds(name):
    assert (getattr(PENALTIES[name](), "distance", None) is None) == (name != "gradient_penalty")
    if name == "gradient_penalty":
        assert PENALTIES[name](weight=0.0).distance is PENALTIES[name](target_norm=0.0).distance is None


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_divergence_penalty_is_a_sixth_of_the_gap_at_its_optimum(distance):
    """With k = 2, p = 6: slope (d / (k p))^(1/5), .6084 at d = 1; penalty / gap = 1 / p."""
    slope, gap, cost = best_slope(PENALTIES["divergence_penalty"](), distance)
    assert slope == pytest.approx((distance / 12) ** 0.2, rel=1e-4)
    assert cost / gap == pytest.approx(1 / 6, rel=1e-3)
