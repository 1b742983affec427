"""The f-divergences against convex analysis and quadrature between N(0, 1) and N(1, 1)."""

import math

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.divergences.f_divergences import log_ratio
from equilibria.verify.groups.divergence_values import NUMBERS
from shares import one_in

F = torch.float64
CASES = {name: (name, {}) for name in DIVERGENCES if DIVERGENCES[name]().f_divergence is not None} | {
    f"{name}({value:g})": (name, {key: value})
    for name, key, values in (
        ("alpha", "alpha", (-3.0, -1.0, 0.02, 0.3, 0.9, 0.999, 1.001, 1.5, 2.0, 3.0)),
        ("weighted_jensen_shannon", "pi", (0.01, 0.3, 0.9)),
    )
    for value in values
}
X = torch.linspace(-14, 15, 200_001, dtype=F)
P, Q = (torch.exp(-((X - mean) ** 2) / 2) / math.sqrt(2 * math.pi) for mean in (0.0, 1.0))
RATIOS = torch.logspace(-3, 3, 121, dtype=F)
UNITS = torch.tensor([-50.0, -20.0, -3.0, -2.0, -1.0, -1e-3, 0.0, 1e-3, 1.0, 3.0, 20.0, 50.0])


def made(case, **options):
    name, own = CASES[case]
    return DIVERGENCES[name](**own, **options)


def facts_of(case):
    return made(case).f_divergence


def bound(case, scores, **options):
    """E_p T - E_q f*(T) by quadrature, from the critic's loss and from nothing else, in the divergence's own units."""
    divergence, zero = made(case, **options), torch.zeros((), dtype=F)
    both = divergence.critic(zero, zero)
    loss = (divergence.critic(scores, zero) - both) * P + (divergence.critic(zero, scores) - both) * Q
    return divergence.estimate(float(torch.trapezoid(loss, X) + both))


@pytest.fixture(params=CASES)
def case(request):
    return request.param


def test_conjugate_is_u_t_minus_f_where_f_has_slope_t(case):
    facts = facts_of(case)
    t = facts.optimal_output(RATIOS)
    summands = RATIOS * (1 + t.abs()) + facts.f(RATIOS).abs()  # what rounding is relative to
    error = (facts.conjugate(t) - (RATIOS * t - facts.f(RATIOS))).abs() / summands
    assert float(error.max()) < 1e-12


def test_no_u_gives_more_than_the_conjugate_and_one_gives_as_much(case):
    facts = facts_of(case)
    below = {"pearson": torch.linspace(-40, -2, 20, dtype=F), "total_variation": torch.linspace(-0.5, 0.5, 41, dtype=F)}
    t = torch.cat([facts.optimal_output(RATIOS[20:101]), below.get(case, torch.zeros(0, dtype=F))])
    u = torch.cat([torch.tensor([1e-300], dtype=F), torch.logspace(-5, 5, 20_001, dtype=F)])
    values, conjugate = u * t[:, None] - facts.f(u), facts.conjugate(t)
    rounding = 1e-12 * (1 + (u * t[:, None]).abs() + facts.f(u).abs()).nan_to_num(posinf=0)
    assert bool((values <= conjugate[:, None] + rounding).all())
    assert torch.allclose(values.amax(dim=1), conjugate, rtol=1e-6, atol=1e-4)


def test_activation_rises_within_the_domain(case):
    facts = facts_of(case)
    v = torch.linspace(-50, 50, 2001, dtype=F)
    t, near = facts.activation(v), facts.activation(v[900:1101])
    assert float(t.min()) >= facts.domain[0]
    assert float(t.max()) <= facts.domain[1]
    assert bool((t.diff() >= 0).all())
    assert bool((near.diff() > 0).all())
    assert bool(((near > facts.domain[0]) & (near < facts.domain[1])).all())


def test_price_is_the_conjugate_of_the_activation(case):
    facts = facts_of(case)
    v = torch.linspace(-5, 5, 1001, dtype=F)
    assert torch.allclose(facts.fake_loss(v), facts.conjugate(facts.activation(v)), rtol=1e-9, atol=1e-11)


def test_the_best_score_says_the_slope_of_f_at_the_ratio(case):
    facts, u = facts_of(case), torch.logspace(-1.5, 1.5, 200, dtype=F).requires_grad_()
    (slope,) = torch.autograd.grad(facts.f(u).sum(), u)
    assert torch.allclose(facts.optimal_output(u), slope, rtol=1e-9, atol=1e-9)
    assert torch.allclose(facts.activation(facts.optimal_score(u)), facts.optimal_output(u), rtol=1e-9, atol=1e-11)


def test_f_has_the_slope_at_one_that_is_stated(case):
    facts, one = facts_of(case), torch.ones((), dtype=F).requires_grad_()
    (slope,) = torch.autograd.grad(facts.f(one), one)
    assert float(slope) == pytest.approx(facts.derivative_at_one, abs=1e-12)
    assert float(facts.optimal_output(one.detach())) == pytest.approx(facts.derivative_at_one, abs=1e-12)


def test_equal_sides_are_at_distance_zero_but_by_the_first_gan_s_measure(case):
    at_one = float(facts_of(case).f(torch.ones((), dtype=F)))
    assert at_one == pytest.approx(-math.log(4) if case == "gan" else 0.0, abs=1e-12)


def test_the_bound_is_attained_by_the_best_critic(case):
    facts, u = facts_of(case), torch.exp(0.5 - X)
    distance = float(torch.trapezoid(Q * facts.f(u), X))
    scores = torch.where(
        facts.optimal_score(u).isinf(), torch.copysign(torch.full_like(u, 50), 0.5 - X), facts.optimal_score(u)
    )
    assert bound(case, scores) == pytest.approx(distance, rel=1e-9)
    if case in NUMBERS:
        assert distance == pytest.approx(NUMBERS[case], abs=1e-6)


def test_any_other_critic_gives_less(case):
    facts, u = facts_of(case), torch.exp(0.5 - X)
    best = facts.optimal_score(u).clamp(-5, 5) if case == "total_variation" else facts.optimal_score(u)
    attained = bound(case, best)
    for other in (0.7 * best, best + 0.2 * torch.sin(X), best.clamp(-0.3, 0.3), best - 0.1, torch.zeros_like(best)):
        assert bound(case, other) < attained


@pytest.mark.parametrize("generator_loss", ["exact", "alternative"])
def test_losses_and_two_derivatives_are_finite_in_single_precision(case, generator_loss):
    divergence = made(case, generator_loss=generator_loss)
    for loss in (divergence.critic, divergence.generator):
        for other in (-50.0, 0.0, 50.0):
            for real, fake in ((UNITS, torch.full_like(UNITS, other)), (torch.full_like(UNITS, other), UNITS)):
                pair = torch.stack([real, fake]).requires_grad_()
                value = loss(*pair)
                (slopes,) = torch.autograd.grad(value.sum(), pair, create_graph=True)
                assert value.isfinite().all()
                assert slopes.isfinite().all()
                if slopes.requires_grad:
                    assert torch.autograd.grad(slopes.sum(), pair)[0].isfinite().all()


@pytest.mark.parametrize("generator_loss", ["exact", "alternative"])
def test_gradients_agree_with_finite_differences_far_from_zero_too(case, generator_loss):
    divergence = made(case, generator_loss=generator_loss)
    scores = torch.tensor([[-2.7, -1.2, 0.2, 1.3, 3.1], [-3.3, -0.6, 0.4, 1.6, 2.4]], dtype=F).requires_grad_()
    for loss in (divergence.critic, divergence.generator):
        assert torch.autograd.gradcheck(lambda s, loss=loss: loss(*s), (scores,))
        assert torch.autograd.gradgradcheck(lambda s, loss=loss: loss(*s), (scores,))


@pytest.mark.parametrize("name", one_in(3, [name for name, (_, own) in CASES.items() if not own]))
def test_compiled_losses_have_the_eager_gradients(name):
    divergence = made(name)
    losses = lambda s: divergence.critic(*s).mean() + divergence.generator(*s).mean()  # noqa: E731
    scores = torch.randn(2, 16, generator=torch.Generator().manual_seed(0)).requires_grad_()
    (eager,) = torch.autograd.grad(losses(scores), scores)
    (compiled,) = torch.autograd.grad(torch.compile(losses, backend="aot_eager", fullgraph=True)(scores), scores)
    torch._dynamo.reset()
    assert torch.allclose(eager, compiled, rtol=1e-5, atol=1e-6)


def test_generators_lower_the_bound_exactly_or_raise_what_the_critic_says_of_samples(case):
    facts, scores = facts_of(case), torch.linspace(-3, 3, 13, dtype=F)
    assert torch.equal(made(case).generator(scores, scores), -facts.fake_loss(scores))
    assert torch.equal(made(case, generator_loss="alternative").generator(scores, scores), -facts.activation(scores))


def test_both_generator_losses_pull_alike_where_data_and_model_agree(case):
    """There the slope of f* is the ratio, 1 (Nowozin et al. 2016, section 3.2)."""
    one = torch.ones(1, dtype=F)
    start = torch.zeros(1, dtype=F) if case == "total_variation" else facts_of(case).optimal_score(one)
    pulls = []
    for word in ("exact", "alternative"):
        score = start.clone().requires_grad_()
        pulls += torch.autograd.grad(made(case, generator_loss=word).generator(score, score).sum(), score)
    assert float(pulls[0]) == pytest.approx(float(pulls[1]), rel=1e-9)
    assert float(pulls[0]) < 0


def test_another_word_for_the_generator_s_loss_is_refused(case):
    with pytest.raises(Refusal, match="Did you mean 'alternative'"):
        made(case, generator_loss="alternate")


def test_pearson_s_conjugate_stays_at_minus_1_below_minus_2():
    conjugate = DIVERGENCES["pearson"]().f_divergence.conjugate
    t = torch.tensor([-40.0, -2.0, -1.0, 0.0, 2.0], dtype=F)
    assert conjugate(t).tolist() == [-1.0, -1.0, -0.75, 0.0, 3.0]


@pytest.mark.parametrize(("dtype", "error"), [(torch.float32, 2e-6), (F, 1e-13)])
def test_log_ratio_inverts_where_lambert_s_exponential_overflows(dtype, error):
    t = torch.cat([torch.linspace(-1e3, 1e3, 4001), torch.linspace(-2, 2, 401)]).to(dtype)
    s = log_ratio(t)
    assert float(((1 + s - torch.exp(-s) - t) / (1 + t.abs())).abs().max()) < error


@pytest.mark.parametrize("alpha", [0.0, 1.0, math.nan, math.inf])
def test_alpha_without_a_divergence_is_refused(alpha):
    with pytest.raises(Refusal, match=r"reverse_kl, its limit|the divergence kl, its limit|finite number"):
        DIVERGENCES["alpha"](alpha=alpha)


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, math.nan])
def test_a_share_that_leaves_one_side_out_is_refused(share):
    with pytest.raises(Refusal, match="between 0 and 1"):
        DIVERGENCES["weighted_jensen_shannon"](pi=share)
