"""Relativistic divergences: what they do not see, and what they measure."""

import math

import pytest
import torch

from equilibria.terms.divergences import DIVERGENCES

F = torch.float64
BOTH = pytest.mark.parametrize("name", ["relativistic", "relativistic_average"])


def scores(count=7):
    return torch.randn(2, count, generator=torch.Generator().manual_seed(5), dtype=F)


@BOTH
def test_the_generator_plays_the_critic_s_game_with_sides_exchanged(name):
    divergence, (real, fake) = DIVERGENCES[name](), scores()
    assert torch.equal(divergence.generator(real, fake), divergence.critic(fake, real))


@BOTH
def test_a_constant_added_to_all_scores_changes_neither_losses_nor_anyone_s_pull(name):
    divergence, pair = DIVERGENCES[name](), scores().requires_grad_()
    for loss in (divergence.critic, divergence.generator):
        assert torch.allclose(loss(*pair), loss(*(pair + 3.0)), rtol=1e-12)
        (pull,) = torch.autograd.grad(loss(*pair).mean(), pair)
        assert float(pull.sum()) == pytest.approx(0.0, abs=1e-15)  # what a mean is made of feels the pull on it
        assert float(pull.abs().sum()) > 0.1


@BOTH
@pytest.mark.parametrize("steep", [0.0, 0.3, 3.0, 30.0])
def test_no_critic_finds_a_distance_between_equal_sides(name, steep):
    divergence, score = DIVERGENCES[name](), steep * scores(64)[0]
    real, fake = score.repeat_interleave(64), score.repeat(64)  # all pairs
    assert divergence.estimate(float(divergence.critic(real, fake).mean())) <= 1e-12


@BOTH
def test_sides_that_are_told_apart_are_as_far_as_can_be(name):
    divergence, apart = DIVERGENCES[name](), torch.full((4,), 25.0, dtype=F)
    greatest = {"relativistic": math.log(2), "relativistic_average": 2 * math.log(2)}[name]
    assert divergence.estimate(float(divergence.critic(apart, -apart).mean())) == pytest.approx(greatest, rel=1e-9)


def test_average_is_the_paper_s_formula():
    """E -log s(C(x) - E C(y)) + E -log(1 - s(C(y) - E C(x))), s the sigmoid (Jolicoeur-Martineau 2019)."""
    real, fake = scores()
    above, below = torch.sigmoid(real - fake.mean()), torch.sigmoid(fake - real.mean())
    formula = -torch.log(above).mean() - torch.log(1 - below).mean()
    assert float(DIVERGENCES["relativistic_average"]().critic(real, fake).mean()) == pytest.approx(float(formula))


def test_average_between_two_points_is_best_at_the_score_that_theory_gives():
    """Real lies three times in four at +c, fake at -c: the best c solves 9 s(-3c/2) = s(c/2), s the sigmoid."""
    divergence = DIVERGENCES["relativistic_average"]()
    signs = torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=F)

    def estimate(c):
        return divergence.estimate(float(divergence.critic(c * signs, -c * signs).mean()))

    low, high = 0.0, 10.0
    for _ in range(60):
        c = (low + high) / 2
        low, high = (c, high) if 9 / (1 + math.exp(1.5 * c)) > 1 / (1 + math.exp(-0.5 * c)) else (low, c)
    best = 2 * (math.log(2) - 0.75 * math.log1p(math.exp(-1.5 * c)) - 0.25 * math.log1p(math.exp(0.5 * c)))
    assert estimate(c) == pytest.approx(best, rel=1e-12)
    assert max(estimate(c * other) for other in (0.5, 0.9, 0.99, 1.01, 1.1, 2.0)) < estimate(c)
