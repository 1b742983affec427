"""Differentiable augmentation: every transform on every sample, by a random amount."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core.errors import Refusal, nearest, require_images
from ...core.types import Views
from . import base
from .base import Augmentation, Transform, integers, uniform

SHIFT, HOLE = 1 / 8, 1 / 2  # of the image's side


def diffaugment(shape: tuple[int, ...], policy: str = "color,translation,cutout") -> Augmentation:
    """Random color, translation and cutout of every image (DiffAugment, Zhao et al. 2020).

    `policy` is which of color, translation, cutout and mirror, separated by commas. With mirror, samples may be mirror
    images: not for text.
    """
    require_images("The augmentation 'diffaugment'", shape, "none")
    names = [name.strip() for name in policy.split(",") if name.strip()]
    if unknown := [name for name in names if name not in POLICIES]:
        raise Refusal(f"diffaugment has no policy {unknown[0]!r}.{nearest(unknown[0], POLICIES)}")
    return DiffAugment(shape, tuple(transform for name in names for transform in POLICIES[name]))


class DiffAugment(nn.Module):
    """A sequence of transforms."""

    def __init__(self, shape: tuple[int, ...], transforms: tuple[Transform, ...]):
        super().__init__()
        self.shape, self.transforms = shape, transforms

    def forward(self, *views: Tensor) -> Views:
        return base.map_images(views, self.shape, self._transform)

    def watch(self, real_scores: Tensor) -> None:
        pass

    def _transform(self, images: Tensor) -> Tensor:
        for transform in self.transforms:
            images = transform(images)
        return images


def brightness(images: Tensor) -> Tensor:
    """Add one number of U(-0.5, 0.5) to all values."""
    return base.brighten(images, uniform(images) - 0.5)


def saturation(images: Tensor) -> Tensor:
    """Scale saturation by one factor of U(0, 2)."""
    return base.scale_saturation(images, 2 * uniform(images) - 1)


def contrast(images: Tensor) -> Tensor:
    """Scale the differences from the image's mean by one factor of U(0.5, 1.5)."""
    return base.scale_contrast(images, uniform(images) - 0.5, images.mean(dim=(1, 2, 3), keepdim=True))


def translation(images: Tensor) -> Tensor:
    """Shift by up to an eighth of a side, in whole pixels; the border is filled with mid-gray."""
    down, right = (integers(images, 2 * reach + 1).view(-1, 1) - reach for reach in _sizes(images, SHIFT))
    batch = torch.arange(len(images), device=images.device).view(-1, 1, 1)
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    rows, columns = _source(down, images.shape[2]).unsqueeze(2), _source(right, images.shape[3]).unsqueeze(1)
    return padded[batch, :, rows, columns].permute(0, 3, 1, 2)


def cutout(images: Tensor) -> Tensor:
    """Fill a rectangle of half the sides with mid-gray, its center anywhere in the image."""
    rows, columns = (_hole(images, side, cut) for side, cut in zip(images.shape[2:], _sizes(images, HOLE), strict=True))
    return torch.where(rows.view(len(images), 1, -1, 1) & columns.view(len(images), 1, 1, -1), 0, images)


def mirror(images: Tensor) -> Tensor:
    """Flip horizontally with probability 1/2."""
    return torch.where(integers(images, 2).bool().view(-1, 1, 1, 1), images.flip(3), images)


POLICIES: Mapping[str, tuple[Transform, ...]] = {
    "color": (brightness, saturation, contrast),
    "translation": (translation,),
    "cutout": (cutout,),
    "mirror": (mirror,),
}


def _sizes(images: Tensor, share: float) -> tuple[int, int]:
    """This share of the height and of the width, to the nearest pixel."""
    height, width = (int(side * share + 0.5) for side in images.shape[2:])
    return height, width


def _source(shift: Tensor, side: int) -> Tensor:
    """The source index of each of `side` pixels, in an image with a border of zeros: (B, side)."""
    return (torch.arange(side, device=shift.device) - shift + 1).clamp(0, side + 1)


def _hole(images: Tensor, side: int, size: int) -> Tensor:
    """Which of `side` pixels lie in a random interval of `size`, which may cross the edge: (B, side)."""
    start = integers(images, side + 1 - size % 2).view(-1, 1) - size // 2
    index = torch.arange(side, device=images.device)
    return (index >= start) & (index < start + size)
