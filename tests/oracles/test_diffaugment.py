"""What differentiable augmentation does to images, exactly."""

import pytest
import torch

from equilibria.core.errors import Refusal
from equilibria.core.seeding import reseed
from equilibria.terms.augmentations import AUGMENTATIONS
from equilibria.terms.augmentations.diffaugment import brightness, contrast, cutout, mirror, saturation, translation

COUNT = 2000
SHAPES = [(1, 8, 8), (3, 7, 5)]


@pytest.fixture(autouse=True)
def _seeded():
    reseed(0)


def images(shape, count=COUNT):
    source = torch.Generator().manual_seed(1)
    return torch.rand(count, *shape, generator=source, dtype=torch.float64) * 2 - 1


def is_uniform(amounts, low, high):
    """Within the bounds, close to them, and with the mean and the deviation of a uniform distribution."""
    edges = low <= amounts.min() < low + 0.01 and high - 0.01 < amounts.max() <= high
    mean, deviation = (low + high) / 2, (high - low) / 12**0.5
    return edges and abs(amounts.mean() - mean) < 0.1 * deviation and abs(amounts.std() / deviation - 1) < 0.1


def factors(changed, kept):
    """By how much each image's differences grew: one number an image, or the assertion fails."""
    share = (changed * kept).sum(dim=(1, 2, 3)) / kept.square().sum(dim=(1, 2, 3))
    assert torch.allclose(changed, share.view(-1, 1, 1, 1) * kept, atol=1e-12)
    return share


@pytest.mark.parametrize("shape", SHAPES)
def test_brightness_shifts_an_image_by_one_number(shape):
    x = images(shape)
    shift = (brightness(x) - x).flatten(1)
    assert torch.allclose(shift, shift[:, :1].expand_as(shift), atol=1e-12)
    assert is_uniform(shift[:, 0], -0.5, 0.5)


@pytest.mark.parametrize("shape", SHAPES)
def test_contrast_scales_the_differences_from_the_images_mean(shape):
    x = images(shape)
    mean, changed = x.mean(dim=(1, 2, 3), keepdim=True), contrast(x)
    assert torch.allclose(changed.mean(dim=(1, 2, 3), keepdim=True), mean)
    assert is_uniform(factors(changed - mean, x - mean), 0.5, 1.5)


def test_saturation_scales_the_differences_from_a_pixels_grey():
    x = images((3, 7, 5))
    grey, changed = x.mean(dim=1, keepdim=True), saturation(x)
    assert torch.allclose(changed.mean(dim=1, keepdim=True), grey)
    assert is_uniform(factors(changed - grey, x - grey), 0, 2)
    assert torch.equal(saturation(images((1, 7, 5))), images((1, 7, 5))), "one channel has no color"


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 11, 16)])
def test_translation_moves_content_by_whole_pixels_and_leaves_grey(shape):
    x = images(shape, 400)
    changed, found = translation(x), set()
    height, width = shape[1:]
    reach = [int(side / 8 + 0.5) for side in (height, width)]
    framed = torch.nn.functional.pad(x, (reach[1], reach[1], reach[0], reach[0]))
    moves = [(d, r) for d in range(-reach[0], reach[0] + 1) for r in range(-reach[1], reach[1] + 1)]
    fits = torch.zeros(len(x), dtype=torch.long)
    for down, right in moves:
        top, left = reach[0] - down, reach[1] - right
        same = (framed[..., top : top + height, left : left + width] == changed).flatten(1).all(dim=1)
        fits += same
        found |= {(down, right)} if same.any() else set()
    assert (fits == 1).all(), "not a shift within an eighth of the sides"
    assert found == set(moves)


@pytest.mark.parametrize("shape", [(1, 8, 8), (3, 7, 10), (2, 6, 5)])
def test_cutout_greys_a_rectangle_of_half_the_sides(shape):
    x = torch.ones(COUNT, *shape)
    hole = cutout(x) == 0
    height, width = (int(side / 2 + 0.5) for side in shape[1:])
    assert torch.equal(hole, hole[:, :1].expand_as(hole)), "the channels have other holes"
    rows, columns = hole[:, 0].any(dim=2), hole[:, 0].any(dim=1)
    assert torch.equal(hole[:, 0], rows.unsqueeze(2) & columns.unsqueeze(1)), "not a rectangle"
    sizes = hole[:, 0].sum(dim=(1, 2))
    inside = ~(rows[:, 0] | rows[:, -1] | columns[:, 0] | columns[:, -1])
    assert (sizes[inside] == height * width).all()
    assert sizes.max() == height * width
    assert sizes.min() >= (height // 2) * (width // 2), "a middle lies outside"
    assert rows.any(dim=0).all()
    assert columns.any(dim=0).all()


@pytest.mark.parametrize("shape", SHAPES)
def test_a_mirror_flips_half_of_the_images_from_left_to_right(shape):
    x = images(shape)
    changed = mirror(x)
    same, flipped = ((changed == each).flatten(1).all(dim=1) for each in (x, x.flip(3)))
    assert (same ^ flipped).all()
    assert 0.45 < flipped.double().mean() < 0.55


def test_a_policy_is_what_it_names():
    x = images((1, 8, 8), 8)
    assert torch.equal(AUGMENTATIONS["diffaugment"]((1, 8, 8), policy="")(x)[0], x)
    (cut,) = AUGMENTATIONS["diffaugment"]((1, 8, 8), policy="cutout")(x)
    assert torch.equal(cut[cut != 0], x[cut != 0])
    with pytest.raises(Refusal, match="Did you mean 'translation'"):
        AUGMENTATIONS["diffaugment"]((1, 8, 8), policy="color, transation")
