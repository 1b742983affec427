"""Laws of the experiments at other settings than those that are stored."""

import math

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.drawing import plot
from equilibria.lab import run
from equilibria.lab.experiments import adam_cosine, dirac, latent_arithmetic, optimal_critic
from equilibria.lab.experiments.reparametrization import variance
from equilibria.terms.penalties import PENALTIES
from equilibria.toys.critics import fit_lbfgs, grid
from equilibria.toys.dirac import path
from equilibria.toys.disjoint_supports import critic_between_points
from equilibria.toys.mixtures import Mixture, best_gaussian, form, two_peaks
from equilibria.training.update_rules import RULES


@pytest.mark.parametrize("distance", [0.5, 1.0, 2.0])
def test_the_best_critic_of_two_gaussians_is_the_log_ratio(distance):
    critic, p, q = optimal_critic.linear(), Mixture((1.0,), (0.0,), (1.0,)), Mixture((1.0,), (distance,), (1.0,))
    fit_lbfgs(critic.parameters(), lambda: optimal_critic.population_loss(critic, p, q), 60)
    slope, intercept = (float(weight.detach()) for weight in critic.parameters())
    assert slope == pytest.approx(-distance, abs=1e-4)
    assert intercept == pytest.approx(distance**2 / 2, abs=1e-4)


@pytest.mark.parametrize(("name", "options", "theory"), [
    ("gradient_penalty", {"weight": 1.0}, 1.5),
    ("divergence_penalty", {"weight": 2.0, "power": 6.0}, (1 / 12) ** 0.2),
])  # fmt: skip
def test_between_two_points_each_penalty_has_the_gradient_norm_of_its_formula(name, options, theory):
    assert critic_between_points(PENALTIES[name](**options), 1.0, 300).norm == pytest.approx(theory, rel=0.02)


def test_friction_has_the_eigenvalue_of_its_formula():
    gamma, rate, rounds = 0.3, 0.1, 150
    game = dirac.game_of("gan-r1", gamma)
    imaginary = math.sqrt(1 / 4 - gamma**2 / 4)
    for value in dirac.eigenvalues(game):
        assert value.real == pytest.approx(-gamma / 2, abs=1e-6)
        assert abs(value.imag) == pytest.approx(imaginary, abs=1e-6)
    line = path(game, RULES["simultaneous"](), rounds, (1e-3, -1e-3), rate)
    turn = 2 * math.pi / math.atan2(rate * imaginary, 1 - rate * gamma / 2)  # rounds; a whole turn has one length
    first, last = rounds - round(turn), rounds
    factor = float((line[last].norm() / line[first].norm()) ** (1 / (last - first)))
    assert factor == pytest.approx(math.hypot(1 - rate * gamma / 2, rate * imaginary), abs=1e-3)


def test_without_friction_only_the_order_keeps_the_dirac_game_in_bounds():
    ends = {rule: float(path(dirac.game_of("gan", 0.0), RULES[rule](), 100)[-1].norm()) for rule in dirac._ORDERS}
    assert ends["simultaneous"] > 1.2 * math.sqrt(2) > ends["alternating"] > 0.8


@pytest.mark.parametrize(("mu", "sigma", "d"), [(1.0, 1.0, 1), (1.0, 0.5, 3), (-0.5, 2.0, 5)])
def test_variances_of_gradients_are_the_formulas(mu, sigma, d):
    record = run("reparametrization", mu=mu, sigma=sigma, d=d, draws=40_000)
    at = record.numbers["dimensions"].index(float(d))
    for name in ("reparametrized", "score function", "with baseline"):
        theory = variance(name, mu, sigma, d)
        assert record.numbers[f"variance {name}"][at] == pytest.approx(theory, rel=0.15)
    assert variance("score function", 1.0, 1.0, 1) == 1 + 14 + 15  # mu^4 / s^2 + 14 mu^2 + 15 s^2
    assert [variance("score function", 0.0, 1.0, n) for n in (1, 5, 50)] == [(n + 2) * (n + 4) for n in (1, 5, 50)]
    assert [variance("with baseline", 0.0, 1.0, n) for n in (1, 5, 50)] == [2 * n + 8 for n in (1, 5, 50)]


def test_a_matched_model_leaves_nothing_to_tell():
    p = Mixture((0.3, 0.7), (-1.0, 2.0), (0.5, 1.0))
    zero = torch.zeros(1601, dtype=torch.float64)
    loss = float(optimal_critic.population_loss(lambda x: zero, p, p))
    assert loss == pytest.approx(math.log(4), abs=1e-6)


def test_momentum_alone_goes_uphill():
    assert adam_cosine.alternating_step(0.0) == pytest.approx(1)
    assert adam_cosine.alternating_step(0.9) == pytest.approx(-1)


@pytest.mark.parametrize("distance", [1.0, 2.0])
def test_kl_matches_moments_and_reverse_kl_of_far_peaks_takes_one(distance):
    x = grid(1601, -18.0, 18.0)
    (cover,) = best_gaussian(form("kl").f, two_peaks(distance, 0.3), [(0.0, 1.5)], x)
    mean = distance * (1 - 2 * 0.3)
    assert cover.mean == pytest.approx(mean, abs=1e-3)
    assert cover.std == pytest.approx(math.sqrt(1 + distance**2 - mean**2), abs=1e-3)
    (mode,) = best_gaussian(form("reverse_kl").f, two_peaks(2 + 2 * distance, 0.3), [(2 + 2 * distance, 1.0)], x)
    assert mode.value == pytest.approx(-math.log(0.7), abs=2e-3)


@pytest.mark.parametrize("rescale", [True, False])
def test_traits_that_planes_split_add_up_as_often_as_the_formula_says(rescale):
    torch.manual_seed(0)
    latents = torch.randn(20_000, 16)
    split = (latents[:, :4] > 0).float()
    pool = latent_arithmetic.Pool(latents, latents, split)
    for count in (1, 3, 10):
        means = [x.mean(dim=1) for _ in range(20) for x in latent_arithmetic.operands(pool, 1, 2, count)]
        results = latent_arithmetic.combine([torch.cat(means[place::3]) for place in range(3)], rescale)
        share = float((results[:, 1:3] > 0).all(dim=1).float().mean())
        assert share == pytest.approx(latent_arithmetic.plane_share(count), abs=0.025)
        assert not rescale or torch.allclose(results.norm(dim=1), torch.tensor(4.0))
    assert latent_arithmetic.separation(pool, 3) > 0.97


def test_an_attribute_is_not_added_to_itself():
    with pytest.raises(Refusal, match="both hat: give two attributes, as --second glasses"):
        run("latent-arithmetic", first="hat", second="hat")


def test_without_a_chinese_font_figures_are_in_english(monkeypatch):
    monkeypatch.setattr(plot, "cjk_font", lambda: "")
    assert [plot.language_of(language) for language in ("en", "zh")] == ["en", "en"]
    monkeypatch.setattr(plot, "cjk_font", lambda: "Some Font")
    assert plot.language_of("zh") == "zh"
