"""Adaptive augmentation: its changes in closed form, and its controller."""

import math

import pytest
import torch
from torch import nn

from equilibria.core.errors import Refusal
from equilibria.core.priors import PRIORS
from equilibria.core.seeding import reseed
from equilibria.core.types import Batch
from equilibria.games.contest import Contest
from equilibria.games.play import Play
from equilibria.terms.augmentations import AUGMENTATIONS, base
from equilibria.terms.augmentations.ada import random_colors, random_geometry
from equilibria.terms.augmentations.base import bilinear, with_probability
from equilibria.terms.divergences import DIVERGENCES

SHAPES = [(1, 8, 8), (3, 7, 5), (2, 1, 1), (3, 1, 6)]


@pytest.fixture(autouse=True)
def _seeded():
    reseed(0)


def images(shape, count=4):
    return torch.rand(count, *shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64) * 2 - 1


def read(x, change, *amounts):
    """The images changed by one function of points, every one by the same amounts."""
    return bilinear(x, *change(base.pixel_grid(x), *(torch.full((len(x),), amount) for amount in amounts)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", SHAPES)
def test_a_probability_of_zero_changes_not_a_bit(shape, dtype):
    x = images(shape, 16).to(dtype)
    assert torch.equal(AUGMENTATIONS["ada"](shape)(x)[0], x)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_probability_of_one_changes_every_sample(shape):
    x = images(shape, 64)
    assert (AUGMENTATIONS["ada"](shape, probability=1.0)(x)[0] != x).flatten(1).any(dim=1).all()


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 5)])
def test_a_mirrored_image_is_the_image_read_from_right_to_left(shape):
    x = images(shape)
    assert torch.equal(read(x, base.mirror, 1), x.flip(3))


@pytest.mark.parametrize("side", [7, 8])
@pytest.mark.parametrize("quarters", range(4))
def test_quarter_turns_are_exact(side, quarters):
    x = images((3, side, side))
    turned = read(x, base.quarter_turn, quarters)
    assert torch.equal(turned, torch.rot90(x, -quarters, (2, 3)))
    assert torch.allclose(turned, read(x, base.rotate, quarters * math.pi / 2), atol=1e-5)


@pytest.mark.parametrize(("right", "down"), [(2, 0), (0, -3), (-1, 2)])
def test_whole_shifts_are_exact_and_mirror_what_comes_in(right, down):
    x = images((2, 8, 7))
    framed = nn.functional.pad(x, (4, 4, 4, 4), mode="reflect")
    expected = framed[..., 4 - down : 12 - down, 4 - right : 11 - right]
    assert torch.equal(read(x, base.translate, float(right), float(down)), expected)


def test_between_pixels_values_are_those_of_a_straight_line():
    x = images((1, 6, 6))
    halfway = read(x, base.translate, 0.5, 0.0)
    assert torch.allclose(halfway[..., 1:], (x[..., 1:] + x[..., :-1]) / 2)


@pytest.mark.parametrize(
    ("change", "amounts", "source"),
    [
        (base.rotate, (0.3,), lambda x, y: math.cos(0.3) * x + math.sin(0.3) * y),
        (base.resize, (2.0, 4.0), lambda x, y: x / 2),
        (base.resize, (1.0, 0.9), lambda x, y: x),
    ],
)
def test_a_ramp_is_read_where_the_change_says(change, amounts, source):
    """Bilinear reading is exact on a ramp; its values are the columns that pixels come from."""
    x, y = base.pixel_grid(torch.zeros(1, 1, 15, 15))
    seen = read(x.unsqueeze(0), change, *amounts)[0, 0]
    middle = slice(4, 11)  # away from the mirrored edge
    assert torch.allclose(seen[middle, middle], source(x, y)[0][middle, middle], atol=1e-5)


def test_a_third_of_a_turn_of_the_hue_exchanges_the_channels():
    x = images((3, 4, 4))
    turned = base.rotate_hue(x, torch.full((4,), 2 * math.pi / 3, dtype=torch.float64))
    assert torch.allclose(turned, x.roll(1, dims=1))
    back = base.rotate_hue(turned, torch.full((4,), -2 * math.pi / 3, dtype=torch.float64))
    assert torch.allclose(back, x)


@pytest.mark.parametrize("channels", [1, 2, 4, 6])
def test_hue_is_idle_where_there_are_not_three_channels(channels):
    x = images((channels, 4, 4))
    assert torch.equal(base.rotate_hue(x, torch.ones(4)), x)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_luma_is_mirrored_and_color_kept(channels):
    x, yes = images((channels, 4, 4)), torch.ones(4)
    grey, flipped = x.mean(dim=1, keepdim=True), base.flip_luma(x, yes)
    assert torch.allclose(flipped.mean(dim=1, keepdim=True), -grey)
    assert torch.allclose(flipped + grey, x - grey)
    assert torch.allclose(base.flip_luma(flipped, yes), x)


@pytest.mark.parametrize("chance", [0.0, 0.3, 1.0])
def test_a_change_happens_with_its_probability_and_is_nothing_else(chance):
    count = 20_000
    drawn = with_probability(torch.tensor(chance), torch.full((2, count), 3.0))
    assert set(drawn.unique().tolist()) <= {0.0, 3.0}
    assert torch.equal(drawn[0], drawn[1]), "two axes of one change happen apart"
    happened = (drawn[0] != 0).double().mean().item()
    assert happened == pytest.approx(chance, abs=4 * math.sqrt(chance * (1 - chance) / count))


@pytest.mark.parametrize(("channels", "idle"), [(1, 2), (3, 0)])
def test_an_image_keeps_its_colors_as_often_as_no_change_happens(channels, idle):
    """Brightness, contrast, hue and saturation, each by chance, and the luma flip, a coin thrown by chance."""
    chance, x = 0.2, images((channels, 2, 2), 20_000)
    kept = (random_colors(x, torch.tensor(chance)) == x).flatten(1).all(dim=1).double().mean().item()
    assert kept == pytest.approx((1 - chance) ** (4 - idle) * (1 - chance / 2), abs=0.015)


def test_an_image_keeps_its_place_as_often_as_no_change_happens():
    """A mirror (one of two), quarters (one of four), whole pixels (a quarter of them 0, 0), and four by chance."""
    chance, x = 0.2, images((1, 8, 8), 20_000)
    kept = (random_geometry(x, torch.tensor(chance)) == x).flatten(1).all(dim=1).double().mean().item()
    expected = (1 - chance / 2) * (1 - chance * 3 / 4) * (1 - chance * 3 / 4) * (1 - chance) ** 4
    assert kept == pytest.approx(expected, abs=0.015)


def test_colors_change_by_the_authors_amounts():
    """Read from pixels 0 and 1 of all channels, and from one color."""
    x = torch.zeros(20_000, 3, 1, 3, dtype=torch.float64)
    x[..., 1], x[:, 0, :, 2] = 1.0, 1.0
    black, white, red = random_colors(x, torch.tensor(1.0)).squeeze(2).unbind(2)
    luma = (white - black)[:, 0]
    shift, factor, flipped = black[:, 0] / luma, luma.abs().log2(), luma < 0
    color, pure = red - red.mean(dim=1, keepdim=True), torch.tensor([2 / 3, -1 / 3, -1 / 3], dtype=torch.float64)
    strength = (color.norm(dim=1) / pure.norm()).log2() - factor
    turn = torch.nn.functional.cosine_similarity(color, pure.expand_as(color)).clamp(-1, 1).acos()
    assert [v.mean().item() for v in (shift, factor, strength)] == pytest.approx([0, 0, 0], abs=0.04)
    assert [v.std().item() for v in (shift, factor, strength)] == pytest.approx([0.2, 0.5, 1.0], rel=0.03)
    assert flipped.double().mean().item() == pytest.approx(0.5, abs=0.015)
    assert turn.mean().item() == pytest.approx(math.pi / 2, abs=0.03)
    assert turn.std().item() == pytest.approx(math.pi / 12**0.5, rel=0.03)


def test_places_change_by_the_authors_amounts():
    """Read from ramps, whose values are the places that pixels come from: the derivative at the middle."""
    ramps = torch.stack(base.pixel_grid(torch.zeros(1, 1, 33, 33)), dim=1).expand(2000, -1, -1, -1).double()
    seen = random_geometry(ramps, torch.tensor(1.0))[:, :, 16:18, 16:18]
    jacobian = torch.stack([seen[:, :, 0, 1] - seen[:, :, 0, 0], seen[:, :, 1, 0] - seen[:, :, 0, 0]], dim=2)
    inside = seen.abs().flatten(1).amax(dim=1) < 15  # of the picture, not of its mirror images
    assert inside.double().mean() > 0.9
    jacobian, middle = jacobian[inside], seen[inside, :, 0, 0] / 33
    large, small = torch.linalg.svdvals(jacobian).log2().unbind(1)
    scale, stretch = (large + small) / 2, (large - small) / 2
    assert scale.mean().item() == pytest.approx(0, abs=0.02)
    assert scale.std().item() == pytest.approx(0.2, rel=0.08)
    assert stretch.square().mean().sqrt().item() == pytest.approx(0.2, rel=0.08)
    assert (torch.linalg.det(jacobian) < 0).double().mean().item() == pytest.approx(0.5, abs=0.05)
    spread = math.sqrt(0.125**2 + 0.25**2 / 12)  # of two shifts, one normal, one uniform
    assert middle.std(dim=0).tolist() == pytest.approx([spread, spread], rel=0.1)


def scores(positive, count=16):
    """Real scores of which this share is positive."""
    return torch.where(torch.arange(count) < positive * count, 2.0, -0.5)


@pytest.mark.parametrize(("positive", "direction"), [(1.0, 1), (0.875, 1), (0.75, -1), (0.0, -1)])
def test_the_probability_follows_the_mean_sign_of_the_real_scores(positive, direction):
    """Mean signs 1, .75, .5 and -1 against a target of .6; a step is the images seen since the last, over `speed`."""
    augment = AUGMENTATIONS["ada"]((1, 8, 8), target=0.6, speed=1000, interval=4, probability=0.5)
    for call in range(1, 13):
        augment.watch(scores(positive))
        expected = 0.5 + direction * (call // 4) * 4 * 16 / 1000
        assert augment.probability.item() == pytest.approx(expected, abs=1e-6)


def test_an_adjustment_weighs_all_moves_since_the_last():
    augment = AUGMENTATIONS["ada"]((1, 8, 8), speed=1000, interval=2, probability=0.5)
    for positive in (1.0, 0.0):  # their mean sign is 0: the last one alone would say the same, the first the opposite
        augment.watch(scores(positive))
    assert augment.probability < 0.5
    before = augment.probability.item()
    for positive in (0.75, 1.0):  # .5 and 1: .75 exceeds .6, the first alone does not
        augment.watch(scores(positive))
    assert augment.probability > before


def test_the_probability_takes_speed_images_from_zero_to_one_and_stays_there():
    augment = AUGMENTATIONS["ada"]((1, 8, 8), speed=160, interval=1)
    path = [(augment.watch(scores(1.0)), augment.probability.item())[1] for _ in range(15)]
    assert path == pytest.approx([min(i / 10, 1) for i in range(1, 16)], abs=1e-6)
    path = [(augment.watch(scores(0.0)), augment.probability.item())[1] for _ in range(15)]
    assert path == pytest.approx([max(1 - i / 10, 0) for i in range(1, 16)], abs=1e-6)


def test_what_the_controller_remembers_is_stored_and_read():
    first, second = (AUGMENTATIONS["ada"]((1, 8, 8), speed=100, interval=3) for _ in range(2))
    for _ in range(4):
        first.watch(scores(1.0))
    assert set(first.state_dict()) == {"probability", "signs", "moves"}
    assert first.state_dict()["probability"].item() == pytest.approx(0.48)
    second.load_state_dict(first.state_dict())
    for _ in range(2):
        first.watch(scores(1.0))
        second.watch(scores(1.0))
    assert first.probability.item() == second.probability.item() == pytest.approx(0.96)


def test_a_move_of_the_critic_is_watched_and_no_gradient_enters_the_memory():
    class Critic(nn.Linear):
        def forward(self, x):
            return super().forward(x.flatten(1)).squeeze(1)

    class Maker(nn.Linear):
        def forward(self, z, y):
            return super().forward(z).view(-1, 1, 4, 4)

    networks = nn.ModuleDict({"generator": Maker(2, 16), "critic": Critic(16, 1)})
    nn.init.constant_(networks["critic"].bias, 50.0)  # every score is positive
    augment = AUGMENTATIONS["ada"]((1, 4, 4), speed=100, interval=1)
    contest = Contest(DIVERGENCES["non_saturating"](), augmentation=augment)
    play = Play(networks, Batch(torch.zeros(8, 1, 4, 4)), PRIORS["normal"](size=2))
    sum(contest.critic_terms(play).values()).backward()
    contest.generator_terms(play)
    assert augment.probability.item() == pytest.approx(0.08)
    assert not any(value.requires_grad for value in augment.buffers())


def test_the_controller_compiles():
    eager, compiled = (AUGMENTATIONS["ada"]((1, 8, 8), speed=100, interval=2) for _ in range(2))
    torch._dynamo.reset()
    watch = torch.compile(compiled.watch, backend="aot_eager", fullgraph=True)
    for positive in (1.0, 1.0, 0.0, 0.5, 1.0):
        eager.watch(scores(positive))
        watch(scores(positive))
        assert [v.item() for v in eager.buffers()] == [v.item() for v in compiled.buffers()]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"probability": 1.1}, "between 0 and 1"),
        ({"target": 2.0}, "a mean of signs"),
        ({"speed": 0}, "at least 1"),
        ({"interval": 0}, "at least 1"),
    ],
)
def test_impossible_options_are_refused(options, words):
    with pytest.raises(Refusal, match=words):
        AUGMENTATIONS["ada"]((1, 8, 8), **options)
