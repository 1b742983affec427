"""Promises that every divergence keeps."""

import math

import pytest
import torch
from torch.nn.functional import softplus

from equilibria.core.errors import Refusal
from equilibria.terms.divergences import DIVERGENCES

# Data N(0, 1), model N(1, 1): the best critic, and the distance that its scores then measure.
X = torch.linspace(-12, 13, 200_001, dtype=torch.float64)
P, Q = (torch.exp(-((X - mean) ** 2) / 2) / math.sqrt(2 * math.pi) for mean in (0.0, 1.0))
SHARE = P / (P + Q)
OPTIMA = {
    "minimax": (0.5 - X, 0.111421),
    "non_saturating": (0.5 - X, 0.111421),
    "least_squares": (SHARE, 0.408109 / 2),
    "hinge": (torch.sign(0.5 - X), 0.382925),
    "kl": (1.5 - X, 0.5),
    "reverse_kl": (0.5 - X, 0.5),
    "pearson": (2 * torch.expm1(0.5 - X), math.e - 1),
    "neyman": (1 - 2 * X, math.e - 1),
    "squared_hellinger": (0.25 - X / 2, 2 - 2 * math.exp(-1 / 8)),
    "jeffreys": (1.5 - X - torch.exp(X - 0.5), 1.0),
    "jensen_shannon": (0.5 - X, 2 * 0.111421),
    "gan": (0.5 - X, -1.163451),
    "total_variation": (6 * torch.sign(0.5 - X), 0.382925),
    "alpha": (0.25 - X / 2, 4 * (1 - math.exp(-1 / 8))),
    "weighted_jensen_shannon": (0.5 - X, 0.111421),
    "relativistic": (0.5 - X, None),
    "relativistic_average": None,  # the best critic has no closed form: its oracle has two points
    "wasserstein": (-X, 1.0),
}


def loss_of(divergence, scores):
    """The critic's mean loss by quadrature, for unpaired divergences and (on a coarser grid) paired ones."""
    if divergence.paired:
        s, p, q = scores[::200], P[::200], Q[::200]
        step = float(X[200] - X[0])
        values = divergence.critic(s[:, None].expand(-1, len(s)), s[None, :].expand(len(s), -1))
        return float((values * p[:, None] * q[None, :]).sum() * step**2)
    nothing = torch.zeros_like(scores)
    base = divergence.critic(nothing, nothing)
    real, fake = divergence.critic(scores, nothing) - base, divergence.critic(nothing, scores) - base
    return float(torch.trapezoid(real * P + fake * Q, X) + base[0])


KNOWN = [name for name in DIVERGENCES if OPTIMA[name] is not None]


@pytest.fixture(params=DIVERGENCES)
def name(request):
    return request.param


@pytest.fixture
def divergence(name):
    return DIVERGENCES[name]()


def test_losses_are_per_sample_and_finite_at_extreme_scores(divergence):
    real = torch.tensor([-50.0, 50.0, -50.0, 50.0, 0.0])
    fake = torch.tensor([-50.0, -50.0, 50.0, 50.0, 0.0])
    for loss in (divergence.critic, divergence.generator):
        assert loss(real, fake).shape == (5,)
        assert loss(real, fake).isfinite().all()


def test_critic_raises_real_and_lowers_fake_and_the_generator_raises_fake(divergence):
    real, fake = (torch.rand(2, 16, dtype=torch.float64) * 0.8 + 0.1).requires_grad_().unbind()
    up, down = torch.autograd.grad(divergence.critic(real, fake).sum(), (real, fake))
    assert (up < 0).all()
    assert (down > 0).all()
    (pull,) = torch.autograd.grad(divergence.generator(real, fake).sum(), fake)
    assert (pull < 0).all()


def test_gradients_agree_with_finite_differences_to_second_order(divergence):
    scores = (torch.rand(2, 5, dtype=torch.float64) * 0.8 + 0.1).requires_grad_()
    for loss in (divergence.critic, divergence.generator):
        assert torch.autograd.gradcheck(lambda s, loss=loss: loss(*s), (scores,))
        assert torch.autograd.gradgradcheck(lambda s, loss=loss: loss(*s), (scores,))


def test_only_paired_divergences_show_the_generator_real_scores(divergence):
    fake = torch.zeros(4)
    one, other = (divergence.generator(real, fake) for real in (torch.zeros(4), torch.ones(4)))
    assert divergence.paired != torch.equal(one, other)


@pytest.mark.parametrize("name", KNOWN)
def test_estimate_is_the_distance_at_the_best_critic(name):
    divergence, (scores, distance) = DIVERGENCES[name](), OPTIMA[name]
    if distance is None:  # Jensen-Shannon between (real, fake) and (fake, real): the logit t is N(1, 2) or N(-1, 2)
        t = X * 1.5
        density = torch.exp(-((t - 1) ** 2) / 4) / math.sqrt(4 * math.pi)
        distance = float(torch.trapezoid(density * (math.log(2) - softplus(-t)), t))
    assert divergence.estimate(loss_of(divergence, scores)) == pytest.approx(distance, abs=2e-5)


@pytest.mark.parametrize("name", [name for name in KNOWN if name != "wasserstein"])  # bounded by slopes alone
def test_estimate_is_a_lower_bound(name):
    divergence, (scores, _) = DIVERGENCES[name](), OPTIMA[name]
    best = divergence.estimate(loss_of(divergence, scores))
    for other in (scores * 0.7, scores + 0.2 * torch.sin(X), scores.clamp(-0.5, 0.5) + 0.1):
        assert divergence.estimate(loss_of(divergence, other)) < best


def test_every_estimate_says_what_it_measures(divergence):
    """Its name, and after a comma its units: that is how it is shown."""
    name, _, units = divergence.measures.partition(", ")
    assert divergence.estimate is None or name
    assert name.count("(") == name.count(")")
    assert units.count("(") == units.count(")")


def test_saturating_generator_starves_where_the_critic_is_sure_and_the_other_does_not():
    fake = torch.full((8,), -20.0, requires_grad=True)
    gradients = {
        name: torch.autograd.grad(DIVERGENCES[name]().generator(fake, fake).sum(), fake)[0].abs().max()
        for name in ("minimax", "non_saturating")
    }
    assert gradients["minimax"] < 1e-8
    assert gradients["non_saturating"] > 0.99


def test_least_squares_with_equal_codes_is_refused():
    with pytest.raises(Refusal, match="could not tell"):
        DIVERGENCES["least_squares"](fake_code=1.0, real_code=1.0)


def test_least_squares_measures_pearson_with_the_codes_of_the_paper():
    """b - c = 1 and b - a = 2: twice the generator's objective is the integral of (p - q)^2 / (p + q)."""
    divergence = DIVERGENCES["least_squares"](fake_code=-1.0, real_code=1.0, generator_code=0.0)
    best = (P - Q) / (P + Q)
    objective = torch.trapezoid(divergence.generator(best, best) * (P + Q), X)
    assert float(2 * objective) == pytest.approx(0.408109, abs=2e-5)


def test_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(Refusal, match="Did you mean 'wasserstein'"):
        DIVERGENCES["wasserstien"]
