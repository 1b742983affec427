"""The changes of adaptive augmentation, in the authors' order and sizes: blits, geometry and color (bgc)."""

from torch import Tensor

from .colors import brightened, contrasted, hue_turned, luma_flipped, saturated
from .draws import angle, normal, sometimes, uniform, whole
from .geometry import mirrored, pixels, quarter_turned, scaled, shifted, turned
from .resampling import read_at


def moved(images: Tensor, chance: Tensor) -> Tensor:
    """Mirrored, turned by quarters, shifted, scaled, turned, stretched, turned again, shifted between pixels.

    It is written backwards, since it follows each pixel of the result to where it comes from.
    """
    height, width = images.shape[2:]
    turning = 1 - (1 - chance).sqrt()  # of each of two turns, so that any happens by chance
    points = pixels(images)
    right, down = sometimes(chance, 0.125 * normal(images, 2))
    points = shifted(points, right * width, down * height)
    points = turned(points, sometimes(turning, angle(images)))
    stretch = sometimes(chance, 0.2 * normal(images)).exp2()
    points = scaled(points, stretch, 1 / stretch)
    points = turned(points, sometimes(turning, angle(images)))
    scale = sometimes(chance, 0.2 * normal(images)).exp2()
    points = scaled(points, scale, scale)
    right, down = sometimes(chance, 0.25 * uniform(images, 2) - 0.125)
    points = shifted(points, (right * width).round(), (down * height).round())
    points = quarter_turned(points, sometimes(chance, whole(images, 4)))
    points = mirrored(points, sometimes(chance, whole(images, 2)))
    return read_at(images, *points)


def recolored(images: Tensor, chance: Tensor) -> Tensor:
    """Brighter, of more contrast, dark for light, turned in hue, more saturated."""
    images = brightened(images, sometimes(chance, 0.2 * normal(images)))
    images = contrasted(images, sometimes(chance, 0.5 * normal(images)).exp2() - 1)
    images = luma_flipped(images, sometimes(chance, whole(images, 2)))
    images = hue_turned(images, sometimes(chance, angle(images)))
    return saturated(images, sometimes(chance, normal(images)).exp2() - 1)
