"""Promises that every penalty keeps."""

import copy
import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games.gan import gan
from equilibria.games.play import Play
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.gradients import input_gradient, leaves
from equilibria.terms.penalties import PENALTIES, Duel, between
from shares import one_in

WIDTH = 6


class Curved(nn.Module):
    """A smooth critic of one or several views."""

    def __init__(self, inputs=WIDTH):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Linear(inputs, 8), nn.Tanh(), nn.Linear(8, 8), nn.Tanh(), nn.Linear(8, 1))

    def forward(self, *views):
        return self.layers(torch.cat([view.flatten(1) for view in views], dim=1)).squeeze(1)


def duel_of(critic, real, fake):
    return Duel(critic, real, fake)


def views(count, seed=1, shape=(2, 3)):
    source = torch.Generator().manual_seed(seed)
    return (torch.randn(count, *shape, generator=source),)


def seeded(penalty, duel):
    """What the penalty charges from the same seed and with the same memory, however often it is asked."""
    reseed(0)
    return copy.deepcopy(penalty)(duel)


@pytest.fixture(params=PENALTIES)
def penalty(request):
    return PENALTIES[request.param]()


@pytest.mark.parametrize("name", PENALTIES)
def test_a_critic_is_not_paid_for_what_it_should_avoid(name):
    PENALTIES[name](weight=0.0)
    with pytest.raises(Refusal, match=f"{name} has weight -1"):
        PENALTIES[name](weight=-1.0)


@pytest.mark.parametrize("count", [1, 16, 64])
def test_costs_are_per_sample_and_never_negative(penalty, count):
    costs = penalty(duel_of(Curved(), views(count), views(count, 2)))
    assert costs.shape == (count,)
    assert (costs >= 0).all()


@pytest.mark.parametrize("place", ["real", "fake"])
def test_one_sample_pays_for_itself_alone(penalty, place):
    """The change keeps the batch's deviation, the scale of the data that DRAGAN reads: its numbers change places."""
    real, fake = (views(8, seed)[0].double() for seed in (1, 2))
    critic = Curved().double()
    before = seeded(penalty, duel_of(critic, (real,), (fake,)))
    changed = {"real": real, "fake": fake}[place]
    changed[3] = changed[3].flip(-1)
    after = seeded(penalty, duel_of(critic, (real,), (fake,)))
    moved = ~torch.isclose(before, after, rtol=1e-9)
    assert not moved[[i for i in range(8) if i != 3]].any()


def test_a_sample_alone_pays_what_it_pays_in_a_batch(penalty):
    """Real and fake coincide and do not vary, so the points between and around them do too."""
    critic, point = Curved().double(), torch.full((1, 2, 3), 0.3, dtype=torch.float64)
    alone = seeded(penalty, duel_of(critic, (point,), (point,)))
    crowd = (point.expand(32, -1, -1),)
    assert torch.allclose(seeded(penalty, duel_of(critic, crowd, crowd)), alone.expand(32), rtol=1e-10)


class Maker(nn.Linear):
    """Draws samples of the views' shape."""

    def forward(self, z, y):
        return super().forward(z).view(-1, 2, 3)


ON_SCORES = {"lecam"}  # what these charge depends on the height of the scores, the others see the slope alone


@pytest.mark.parametrize("name", PENALTIES)
def test_gradient_reaches_every_critic_weight_and_no_generator(name):
    game = gan(
        Maker(3, WIDTH), Curved(), PRIORS["normal"](size=3), DIVERGENCES["wasserstein"](), {"p": PENALTIES[name]()}
    )
    networks, critic = game.networks, game.players[0]
    with game.only(critic):
        critic.loss(Play(networks, Batch(*views(8)), game.prior))["p"].backward()
    biases_after_the_slope = set() if name in ON_SCORES else {"layers.4.bias"}
    for where, weight in networks["critic"].named_parameters():
        reached = weight.grad is not None and bool(weight.grad.abs().sum() > 0)
        assert reached == (where not in biases_after_the_slope), where
    assert all(weight.grad is None for weight in networks["generator"].parameters())


def test_gradient_of_the_cost_agrees_with_finite_differences(penalty):
    critic, real, fake = Curved().double(), (views(4)[0].double(),), (views(4, 2)[0].double(),)
    weight = critic.layers[0].weight

    def cost(values):
        trial = Curved().double()
        scores = lambda *v: torch.func.functional_call(trial, {"layers.0.weight": values}, v)  # noqa: E731
        return seeded(penalty, Duel(scores, real, fake)).mean()

    assert torch.autograd.gradcheck(cost, (weight.detach().clone().requires_grad_(),), atol=1e-6)


@pytest.mark.parametrize("penalty", one_in(3, list(PENALTIES)), indirect=True)
def test_compiled_equals_eager(penalty):
    critic, real, fake = Curved(), views(8), views(8, 2)

    def gradients(compiled):
        critic.zero_grad()
        price = copy.deepcopy(penalty)
        cost = lambda real, fake: price(duel_of(critic, real, fake)).mean()  # noqa: E731
        function = torch.compile(cost, backend="aot_eager", fullgraph=True) if compiled else cost
        reseed(0)
        function(real, fake).backward()
        return torch.cat([p.grad.flatten() for p in critic.parameters() if p.grad is not None])

    eager = gradients(compiled=False)
    torch._dynamo.reset()
    compiled = gradients(compiled=True)
    assert torch.allclose(eager[: len(compiled)], compiled[: len(eager)], atol=1e-6)


def test_views_are_penalized_jointly():
    """The slope of a critic of pairs is over both views: (B, 6 + 2)."""
    critic, pair = Curved(WIDTH + 2), (views(5)[0], views(5, 3, (2,))[0])
    assert input_gradient(critic, pair).shape == (5, WIDTH + 2)
    quadratic = lambda x, z: (x.square().flatten(1).sum(1) + 3 * z.sum(1)) / 2  # noqa: E731
    expected = torch.cat([pair[0].flatten(1), torch.full((5, 2), 1.5)], dim=1)
    assert torch.allclose(input_gradient(quadratic, pair), expected)


@pytest.mark.parametrize("power", [1.5, 2.0, 6.0])
def test_a_flat_critic_pays_nothing_and_is_pulled_nowhere_at_any_power(power):
    direction = torch.zeros(WIDTH, requires_grad=True)
    duel = Duel(lambda x: (x * direction).sum(1), (torch.randn(4, WIDTH),), (torch.randn(4, WIDTH),))
    cost = PENALTIES["divergence_penalty"](power=power)(duel).mean()
    cost.backward()
    assert cost == 0
    assert torch.equal(direction.grad, torch.zeros(WIDTH))


def test_impossible_powers_and_samplers_are_refused():
    with pytest.raises(Refusal, match="must exceed 1"):
        PENALTIES["divergence_penalty"](power=1.0)
    with pytest.raises(Refusal, match=r"Did you mean 'between'.*both"):
        PENALTIES["divergence_penalty"](sampler="betwen")


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
@pytest.mark.parametrize(
    ("name", "option"),
    [(name, "weight") for name in PENALTIES]
    + [
        ("gradient_penalty", "target_norm"),
        ("dragan", "target_norm"),
        ("dragan", "std"),
        ("divergence_penalty", "power"),
    ],
)
def test_no_price_slope_or_spread_is_negative_or_endless(name, option, value):
    with pytest.raises(Refusal, match=f"{name} has {option} {value:g}: a finite number of at least 0 is needed"):
        PENALTIES[name](**{option: value})


def test_each_sample_has_one_coefficient_of_its_own_between_real_and_fake():
    real, fake = (torch.zeros(64, 3, 4), torch.zeros(64, 2)), (torch.ones(64, 3, 4), torch.ones(64, 2))
    pixels, codes = between(real, fake)
    shares = pixels.flatten(1)
    assert torch.equal(shares, shares[:, :1].expand(-1, 12)), "one coefficient a pixel"
    assert torch.equal(codes, shares[:, :2]), "each view has its own coefficient"
    assert shares[:, 0].unique().numel() == 64, "one coefficient for the batch"
    assert abs(shares.mean() - 0.5) < 0.15


def test_slopes_read_from_scores_are_those_of_a_pass_of_their_own():
    critic, real = Curved(), leaves(views(8))
    scores = critic(*real)
    assert torch.equal(input_gradient(critic, real, scores), input_gradient(critic, real))
    assert torch.equal(input_gradient(None, real, scores), input_gradient(critic, real)), "the scores were not used"
