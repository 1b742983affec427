"""Promises that every augmentation keeps."""

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games.contest import Contest
from equilibria.games.play import Play
from equilibria.recipes.parts import options_of
from equilibria.terms.augmentations import AUGMENTATIONS
from equilibria.terms.divergences import DIVERGENCES
from equilibria.terms.gradients import input_gradient
from equilibria.terms.penalties import PENALTIES, Duel
from shares import one_in

SHAPES = [(1, 8, 8), (3, 7, 5), (2, 6, 9)]  # grey, odd and oblong, neither grey nor of three colors
BUSY = {"ada": {"probability": 0.9}}  # the options under which an augmentation does something
EVERY, ACTIVE = list(AUGMENTATIONS), [name for name in AUGMENTATIONS if name != "none"]


def made(name, shape):
    context = {} if name == "none" else {"shape": shape}
    return AUGMENTATIONS[name](**context, **BUSY.get(name, {}))


def seeded(augment, *views, seed=0):
    reseed(seed)
    return augment(*views)


def images(count, shape, dtype=torch.float32):
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(1), dtype=dtype) * 2 - 1


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("count", [1, 16])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", EVERY)
def test_views_keep_their_shapes_and_types(name, shape, count, dtype):
    (seen,) = made(name, shape)(images(count, shape, dtype))
    assert seen.shape == (count, *shape)
    assert seen.dtype == dtype
    assert seen.isfinite().all()


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ACTIVE)
def test_the_same_seed_shows_the_same(name, shape):
    augment, x = made(name, shape), images(8, shape)
    (first,), (again,), (other,) = (seeded(augment, x, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", ACTIVE)
def test_every_sample_and_every_call_has_a_draw_of_its_own(name):
    augment, same = made(name, (3, 16, 16)), images(1, (3, 16, 16)).expand(24, -1, -1, -1)
    seen = torch.cat([*seeded(augment, same), *augment(same)]).flatten(1)
    assert torch.unique(seen, dim=0).shape[0] == 48


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", EVERY)
def test_a_sample_is_changed_without_regard_to_the_others(name, shape):
    augment, x = made(name, shape), images(8, shape)
    (before,), y = seeded(augment, x), x.clone()
    y[3] += 1
    moved = (seeded(augment, y)[0] != before).flatten(1).any(dim=1)
    assert moved.tolist() == [i == 3 for i in range(8)]


@pytest.mark.parametrize("shape", [(1, 4, 5), (3, 3, 3)])
@pytest.mark.parametrize("name", EVERY)
def test_gradients_of_first_and_second_order_agree_with_finite_differences(name, shape):
    augment, x = made(name, shape), images(2, shape, torch.float64).requires_grad_()
    look = lambda x: seeded(augment, x.tanh())[0].square()  # noqa: E731
    assert torch.autograd.gradcheck(look, (x,))
    assert torch.autograd.gradgradcheck(look, (x,))


class Curved(nn.Module):
    """A smooth critic of images."""

    def __init__(self, shape):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(shape[0] * shape[1] * shape[2], 4), nn.Tanh())
        self.last = nn.Linear(4, 1)

    def forward(self, x):
        return self.last(self.layers(x)).squeeze(1)


@pytest.mark.parametrize("name", EVERY)
def test_a_penalty_is_differentiated_through_it(name):
    """The slope of the critic with its glass on: its gradient agrees with finite differences."""
    shape = (1, 4, 4)
    augment, x, critic = made(name, shape), images(3, shape, torch.float64), Curved(shape).double()
    look = lambda x: seeded(lambda x: critic(*augment(x)), x)  # noqa: E731
    slope = input_gradient(look, (x,))
    step = 1e-6 * torch.randn_like(x)
    assert torch.allclose((slope * step.flatten(1)).sum(1), (look(x + step) - look(x - step)) / 2, rtol=1e-6)
    PENALTIES["r1"]()(Duel(look, (x,), (x,))).mean().backward()
    weight = critic.layers[1].weight
    found = weight.grad.clone()
    with torch.no_grad():
        step = 1e-6 * torch.randn_like(weight)
        weight += step
    after = PENALTIES["r1"]()(Duel(look, (x,), (x,))).mean()
    with torch.no_grad():
        weight -= 2 * step
    before = PENALTIES["r1"]()(Duel(look, (x,), (x,))).mean()
    assert (found * step).sum().item() == pytest.approx((after - before).item() / 2, rel=1e-4)


@pytest.mark.parametrize("name", one_in(3, list(EVERY)))
def test_compiled_equals_eager(name):
    shape = (3, 8, 8)
    augment, critic, x = made(name, shape), Curved(shape), images(4, shape)
    cost = lambda x: PENALTIES["gradient_penalty"]()(Duel(lambda x: critic(*augment(x)), (x,), (x,))).mean()  # noqa: E731

    def gradient(function):
        critic.zero_grad()
        seeded(function, x).backward()
        return critic.layers[1].weight.grad.clone()

    eager = gradient(cost)
    torch._dynamo.reset()
    compiled = gradient(torch.compile(cost, backend="aot_eager", fullgraph=True))
    assert torch.allclose(eager, compiled, atol=1e-6)


@pytest.mark.parametrize("name", EVERY)
def test_codes_beside_images_stay_as_they_are(name):
    x, z = images(8, (1, 8, 8)), torch.randn(8, 5)
    _, code = made(name, (1, 8, 8))(x, z)
    assert torch.equal(code, z)


@pytest.mark.parametrize("name", EVERY)
def test_packed_images_are_changed_one_by_one(name):
    augment, x = made(name, (3, 8, 8)), images(8, (3, 8, 8))
    (apart,), (packed,) = seeded(augment, x), seeded(augment, x.view(4, 6, 8, 8))
    assert torch.equal(packed.view_as(x), apart)


@pytest.mark.parametrize("name", ACTIVE)
def test_points_are_refused_in_words(name):
    with pytest.raises(Refusal, match=f"'{name}' is for images, and these samples have shape"):
        AUGMENTATIONS[name](shape=(2,))


def test_none_shows_what_there_is():
    x, z = torch.randn(4, 2), torch.randn(4, 3)
    assert all(seen is view for seen, view in zip(AUGMENTATIONS["none"]()(x, z), (x, z), strict=True))


class Maker(nn.Linear):
    """Draws samples of the images' shape."""

    def forward(self, z, y):
        return super().forward(z).view(-1, 1, 8, 8)


@pytest.mark.parametrize("name", EVERY)
def test_the_generator_learns_through_it(name):
    networks = nn.ModuleDict({"generator": Maker(3, 64), "critic": Curved((1, 8, 8))})
    contest = Contest(DIVERGENCES["non_saturating"](), augmentation=made(name, (1, 8, 8)))
    play = Play(networks, Batch(images(8, (1, 8, 8))), PRIORS["normal"](size=3))
    contest.generator_terms(play)["divergence"].backward()
    assert networks["generator"].weight.grad.abs().sum() > 0


@pytest.mark.parametrize("name", EVERY)
def test_every_option_says_what_it_means(name):
    assert all(setting.help for setting in options_of(AUGMENTATIONS[name]).values())
