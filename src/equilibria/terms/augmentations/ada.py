"""Adaptive discriminator augmentation (Karras et al. 2020)."""

import torch
from torch import Tensor, nn

from ...core.distributed import all_reduce_mean, world_size
from ...core.errors import Refusal, at_least, require_images
from ...core.types import Views
from . import base
from .base import Augmentation, angle, integers, normal, uniform, with_probability


def random_geometry(images: Tensor, probability: Tensor) -> Tensor:
    """Flips, quarter turns, shifts in pixels, scaling, rotation, stretching, rotation, shifts between pixels.

    In reverse order, since each pixel of the result is traced back to its source.
    """
    height, width = images.shape[2:]
    rotation = 1 - (1 - probability).sqrt()  # of each of two rotations, so that any occurs with `probability`
    points = base.pixel_grid(images)
    right, down = with_probability(probability, 0.125 * normal(images, 2))
    points = base.translate(points, right * width, down * height)
    points = base.rotate(points, with_probability(rotation, angle(images)))
    stretch = with_probability(probability, 0.2 * normal(images)).exp2()
    points = base.resize(points, stretch, 1 / stretch)
    points = base.rotate(points, with_probability(rotation, angle(images)))
    scale = with_probability(probability, 0.2 * normal(images)).exp2()
    points = base.resize(points, scale, scale)
    right, down = with_probability(probability, 0.25 * uniform(images, 2) - 0.125)
    points = base.translate(points, (right * width).round(), (down * height).round())
    points = base.quarter_turn(points, with_probability(probability, integers(images, 4)))
    points = base.mirror(points, with_probability(probability, integers(images, 2)))
    return base.bilinear(images, *points)


def random_colors(images: Tensor, probability: Tensor) -> Tensor:
    """Brightness, contrast, luma flips, hue rotation, saturation."""
    images = base.brighten(images, with_probability(probability, 0.2 * normal(images)))
    images = base.scale_contrast(images, with_probability(probability, 0.5 * normal(images)).exp2() - 1)
    images = base.flip_luma(images, with_probability(probability, integers(images, 2)))
    images = base.rotate_hue(images, with_probability(probability, angle(images)))
    return base.scale_saturation(images, with_probability(probability, normal(images)).exp2() - 1)


def ada(
    shape: tuple[int, ...], target: float = 0.6, speed: int = 500_000, interval: int = 4, probability: float = 0.0
) -> Augmentation:
    """Blits, geometry and color, each with a probability that follows the critic's overfitting (Karras et al. 2020).

    `target` is the mean sign of the real scores above which the probability increases, else it decreases; `speed` is
    the number of real images that take it from 0 to 1; `interval` is critic steps between adjustments; `probability`
    is its initial value. The score 0 must separate real from fake, unlike in the divergences wasserstein, kl and
    relativistic. Resampling is bilinear, without the wavelet filters of the authors' code.
    """
    require_images("The augmentation 'ada'", shape, "none")
    if not 0 <= probability <= 1:
        raise Refusal(f"ada has probability {probability}: it must be between 0 and 1.")
    if not -1 <= target <= 1:
        raise Refusal(f"ada has target {target}: a mean of signs lies between -1 and 1.")
    at_least(1, "ada", speed=speed, interval=interval)
    return Adaptive(shape, target, speed, interval, probability)


class Adaptive(nn.Module):
    """The pipeline and the state of its controller."""

    reads_signs = True

    probability: Tensor  # (), of each transform of a sample
    signs: Tensor  # (), sum of the mean signs of real scores since the last adjustment
    moves: Tensor  # (), critic steps since then

    def __init__(self, shape: tuple[int, ...], target: float, speed: int, interval: int, probability: float):
        super().__init__()
        self.shape, self.target, self.speed, self.interval = shape, target, speed, interval
        self.register_buffer("probability", torch.tensor(float(probability)))
        self.register_buffer("signs", torch.zeros(()))
        self.register_buffer("moves", torch.zeros(()))

    def forward(self, *views: Tensor) -> Views:
        return base.map_images(views, self.shape, self._transform)

    @torch.no_grad()
    def watch(self, real_scores: Tensor) -> None:
        """Adjust the probability every `interval` calls, in proportion to the images of all processes since then."""
        self.signs += all_reduce_mean(real_scores.sign())
        self.moves += 1
        due = self.moves >= self.interval
        images = self.moves * len(real_scores) * world_size()
        step = (self.signs / self.moves - self.target).sign() * images / self.speed
        self.probability.copy_(torch.where(due, self.probability + step, self.probability).clamp(0, 1))
        self.signs.mul_(~due)
        self.moves.mul_(~due)

    def _transform(self, images: Tensor) -> Tensor:
        return random_colors(random_geometry(images, self.probability), self.probability)
