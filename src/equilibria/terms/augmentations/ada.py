"""Adaptive discriminator augmentation (Karras et al. 2020)."""

import torch
from torch import Tensor, nn

from ...core.distributed import all_reduce_mean, world_size
from ...core.errors import Refusal
from ...core.types import Views
from .base import (
    Augmentation,
    angle,
    brightened,
    contrasted,
    each_image,
    hue_turned,
    luma_flipped,
    mirrored,
    normal,
    pixels,
    quarter_turned,
    read_at,
    require_images,
    saturated,
    scaled,
    shifted,
    sometimes,
    turned,
    uniform,
    whole,
)


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


def ada(
    shape: tuple[int, ...],
    target: float = 0.6,
    speed: int = 500_000,
    interval: int = 4,
    probability: float = 0.0,
) -> Augmentation:
    """Blits, geometry and color, each with a probability that follows the critic's overfitting (Karras et al. 2020).

    `target` is the mean sign of the real scores above which the probability rises, else it falls; `speed` is how many
    real images take it from 0 to 1; `interval` is the critic's moves from one adjustment to the next; `probability` is
    where it starts. Zero must be where scores tell real from fake: not so for Wasserstein's, KL's or relativistic ones.
    Resampling is bilinear, without the wavelet filters of the authors' code.
    """
    require_images("ada", shape)
    if not 0 <= probability <= 1:
        raise Refusal(f"ada has probability {probability}: it must be between 0 and 1.")
    if not -1 <= target <= 1:
        raise Refusal(f"ada has target {target}: a mean of signs lies between -1 and 1.")
    if speed < 1 or interval < 1:
        raise Refusal(f"ada has speed {speed} and interval {interval}: both must be at least 1.")
    return Adaptive(shape, target, speed, interval, probability)


class Adaptive(nn.Module):
    """The pipeline, and the memory of its controller."""

    reads_signs = True

    probability: Tensor  # (), of each change of a sample
    signs: Tensor  # (), sum of the mean signs of real scores since the last adjustment
    moves: Tensor  # (), how many those were

    def __init__(self, shape: tuple[int, ...], target: float, speed: int, interval: int, probability: float):
        super().__init__()
        self.shape, self.target, self.speed, self.interval = shape, target, speed, interval
        self.register_buffer("probability", torch.tensor(float(probability)))
        self.register_buffer("signs", torch.zeros(()))
        self.register_buffer("moves", torch.zeros(()))

    def forward(self, *views: Tensor) -> Views:
        return each_image(views, self.shape, self._changed)

    @torch.no_grad()
    def watch(self, real_scores: Tensor) -> None:
        """Adjust the probability, once in `interval` calls, by as much as what all processes saw since is worth."""
        self.signs += all_reduce_mean(real_scores.sign())
        self.moves += 1
        due = self.moves >= self.interval
        seen = self.moves * len(real_scores) * world_size()
        step = (self.signs / self.moves - self.target).sign() * seen / self.speed
        self.probability.copy_(torch.where(due, self.probability + step, self.probability).clamp(0, 1))
        self.signs.mul_(~due)
        self.moves.mul_(~due)

    def _changed(self, images: Tensor) -> Tensor:
        return recolored(moved(images, self.probability), self.probability)
