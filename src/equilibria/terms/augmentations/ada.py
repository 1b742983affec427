"""Adaptive discriminator augmentation: as much change as keeps the critic from knowing the data by heart."""

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ...core.processes import mean, world
from ...core.types import Views
from .base import Augmentation, each_image, require_images
from .pipeline import moved, recolored


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
        self.signs += mean(real_scores.sign())
        self.moves += 1
        due = self.moves >= self.interval
        seen = self.moves * len(real_scores) * world()
        step = (self.signs / self.moves - self.target).sign() * seen / self.speed
        self.probability.copy_(torch.where(due, self.probability + step, self.probability).clamp(0, 1))
        self.signs.mul_(~due)
        self.moves.mul_(~due)

    def _changed(self, images: Tensor) -> Tensor:
        return recolored(moved(images, self.probability), self.probability)
