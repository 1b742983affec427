"""What divergences are of one another, and what the older ones mean: exact identities."""

import math

import pytest
import torch

from equilibria.terms.divergences import DIVERGENCES

F = torch.float64
X = torch.linspace(-14, 15, 200_001, dtype=F)
P, Q = (torch.exp(-((X - mean) ** 2) / 2) / math.sqrt(2 * math.pi) for mean in (0.0, 1.0))
U = torch.exp(0.5 - X)  # P / Q

S = torch.linspace(-4, 4, 81, dtype=F)
PAIRS = (S[:, None].expand(81, 81), S[None, :].expand(81, 81))


def attained(facts):
    """The bound at the best critic, by quadrature."""
    return float(
        torch.trapezoid(P * facts.activation(facts.optimal_score(U)) - Q * facts.fake_loss(facts.optimal_score(U)), X)
    )


def same(one, other, factor=1.0):
    """Assert that one's losses are `factor` times the other's."""
    assert torch.allclose(one.critic(*PAIRS), factor * other.critic(*PAIRS), rtol=1e-10, atol=1e-12)
    assert torch.allclose(one.generator(*PAIRS), factor * other.generator(*PAIRS), rtol=1e-10, atol=1e-12)
    assert one.estimate(0.3) == other.estimate(0.3) == -0.3


def test_jensen_shannon_estimates_the_first_gan_plus_log_4():
    one, other = DIVERGENCES["jensen_shannon"](), DIVERGENCES["gan"]()
    assert torch.allclose(one.critic(*PAIRS), other.critic(*PAIRS) - math.log(4), rtol=1e-12, atol=1e-12)
    assert torch.allclose(one.generator(*PAIRS), other.generator(*PAIRS) + math.log(2), rtol=1e-12, atol=1e-12)


def test_the_first_gan_is_minimax_and_its_alternative_the_non_saturating_one():
    for word, name in (("exact", "minimax"), ("alternative", "non_saturating")):
        one, other = DIVERGENCES["gan"](generator_loss=word), DIVERGENCES[name]()
        for loss in ("critic", "generator"):
            assert torch.allclose(getattr(one, loss)(*PAIRS), getattr(other, loss)(*PAIRS), rtol=1e-12)


def test_evenly_weighted_jensen_shannon_is_half_of_jensen_shannon():
    same(DIVERGENCES["weighted_jensen_shannon"](pi=0.5), DIVERGENCES["jensen_shannon"](), factor=0.5)


def test_alpha_2_is_half_of_pearson_at_half_its_scores():
    one, other = DIVERGENCES["alpha"](alpha=2.0), DIVERGENCES["pearson"]()
    assert torch.allclose(one.critic(*PAIRS), other.critic(PAIRS[0] * 2, PAIRS[1] * 2) / 2, rtol=1e-12, atol=1e-12)
    assert torch.allclose(
        2 * one.f_divergence.optimal_score(U), other.f_divergence.optimal_score(U), rtol=1e-12, atol=1e-12
    )
    assert 2 * attained(one.f_divergence) == pytest.approx(attained(other.f_divergence), rel=1e-12)


def test_alpha_minus_1_is_half_of_neyman_and_alpha_a_half_twice_squared_hellinger():
    same(DIVERGENCES["alpha"](alpha=-1.0), DIVERGENCES["neyman"](), factor=0.5)
    same(DIVERGENCES["alpha"](alpha=0.5), DIVERGENCES["squared_hellinger"](), factor=2.0)


@pytest.mark.parametrize("side", [-1, 1])
@pytest.mark.parametrize(("limit", "name"), [(0.0, "reverse_kl"), (1.0, "kl")])
def test_alpha_nears_reverse_kl_at_0_and_kl_at_1(side, limit, name):
    one, other = DIVERGENCES["alpha"](alpha=limit + side * 1e-6).f_divergence, DIVERGENCES[name]().f_divergence
    ratios = torch.logspace(-2, 2, 81, dtype=F)
    assert attained(one) == pytest.approx(0.5, abs=1e-5)
    assert torch.allclose(
        one.optimal_output(ratios), other.optimal_output(ratios) - other.derivative_at_one, rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize(("share", "name"), [(1e-7, "kl"), (1 - 1e-7, "reverse_kl")])
def test_weighted_jensen_shannon_nears_kl_and_reverse_kl_at_the_ends(share, name):
    ratios = torch.logspace(-2, 2, 81, dtype=F)
    one, other = DIVERGENCES["weighted_jensen_shannon"](pi=share).f_divergence, DIVERGENCES[name]().f_divergence
    assert attained(one) / min(share, 1 - share) == pytest.approx(0.5, rel=1e-4)
    rescaled = one.optimal_output(ratios) / min(share, 1 - share)
    assert torch.allclose(rescaled, other.optimal_output(ratios) - other.derivative_at_one, rtol=1e-4, atol=1e-4)


def test_non_saturating_follows_reverse_kl_minus_2_jsd():
    """Gradients with respect to the mean of the model, at the best critic (Arjovsky and Bottou 2017, theorem 2.5)."""

    def density(mean):
        return torch.exp(-((X - mean) ** 2) / 2) / math.sqrt(2 * math.pi)

    def slope(objective):
        mean = torch.ones((), dtype=F).requires_grad_()
        return float(torch.autograd.grad(torch.trapezoid(objective(density(mean)), X), mean)[0])

    def reverse_kl(q):
        return q * (torch.log(q) - torch.log(P))

    def two_jsd(q):
        m = (P + q) / 2
        return P * (torch.log(P) - torch.log(m)) + q * (torch.log(q) - torch.log(m))

    best = 0.5 - X  # held still
    played = slope(lambda q: q * DIVERGENCES["non_saturating"]().generator(best, best))
    assert played == pytest.approx(slope(lambda q: reverse_kl(q) - two_jsd(q)), rel=1e-9)
    assert slope(lambda q: q * DIVERGENCES["minimax"]().generator(best, best)) == pytest.approx(
        slope(two_jsd), rel=1e-9
    )


@pytest.mark.parametrize("codes", [(-1.0, 1.0, 0.0), (0.0, 1.0, 1.0), (0.0, 1.0, 0.5), (-2.0, 1.0, 3.0)])
def test_least_squares_objective_is_the_triangular_discrimination_for_all_codes(codes):
    a, b, c = codes
    divergence = DIVERGENCES["least_squares"](fake_code=a, real_code=b, generator_code=c)
    best = (b * P + a * Q) / (P + Q)
    objective = 2 * float(torch.trapezoid((P + Q) * divergence.generator(best, best), X))
    triangular = float(torch.trapezoid((P - Q) ** 2 / (P + Q), X))
    assert triangular == pytest.approx(0.408109, abs=1e-6)
    assert objective == pytest.approx((a + b - 2 * c) ** 2 / 2 + (b - a) ** 2 * triangular / 4, rel=1e-9)
    assert abs(objective - (math.e - 1)) > 0.1


def test_hinge_and_its_generator_meet_at_twice_the_total_variation():
    divergence, best = DIVERGENCES["hinge"](), torch.sign(0.5 - X)
    generator = float(torch.trapezoid(divergence.generator(best, best) * Q + best * P, X))
    assert generator == pytest.approx(2 * 0.382925, abs=1e-5)
