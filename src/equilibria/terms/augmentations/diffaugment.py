"""Differentiable augmentation: every change for every sample, each by its own amount."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ...core.errors import Refusal, nearest
from ...core.types import Views
from .base import Augmentation, Change, brightened, contrasted, each_image, require_images, saturated, uniform, whole

SHIFT, HOLE = 1 / 8, 1 / 2  # of the image's side


def diffaugment(shape: tuple[int, ...], policy: str = "color,translation,cutout") -> Augmentation:
    """Every image recolored, shifted and cut out at random (DiffAugment, Zhao et al. 2020).

    `policy` is which of color, translation and cutout, with commas between them.
    """
    require_images("diffaugment", shape)
    names = [name.strip() for name in policy.split(",") if name.strip()]
    if unknown := [name for name in names if name not in POLICIES]:
        raise Refusal(f"diffaugment knows no policy {unknown[0]!r}.{nearest(unknown[0], POLICIES)}")
    return DiffAugment(shape, tuple(change for name in names for change in POLICIES[name]))


class DiffAugment(nn.Module):
    """Some changes, one after the other."""

    def __init__(self, shape: tuple[int, ...], changes: tuple[Change, ...]):
        super().__init__()
        self.shape, self.changes = shape, changes

    def forward(self, *views: Tensor) -> Views:
        return each_image(views, self.shape, self._changed)

    def watch(self, real_scores: Tensor) -> None:
        pass

    def _changed(self, images: Tensor) -> Tensor:
        for change in self.changes:
            images = change(images)
        return images


def brightness(images: Tensor) -> Tensor:
    """All values raised by one number of U(-0.5, 0.5)."""
    return brightened(images, uniform(images) - 0.5)


def saturation(images: Tensor) -> Tensor:
    """Colors stronger by one factor of U(0, 2)."""
    return saturated(images, 2 * uniform(images) - 1)


def contrast(images: Tensor) -> Tensor:
    """Differences from the image's mean larger by one factor of U(0.5, 1.5)."""
    return contrasted(images, uniform(images) - 0.5, images.mean(dim=(1, 2, 3), keepdim=True))


def translation(images: Tensor) -> Tensor:
    """Shifted by up to an eighth of a side, whole pixels; mid-grey where nothing was."""
    down, right = (whole(images, 2 * reach + 1).view(-1, 1) - reach for reach in _sizes(images, SHIFT))
    batch = torch.arange(len(images), device=images.device).view(-1, 1, 1)
    padded = nn.functional.pad(images, (1, 1, 1, 1))
    rows, columns = _source(down, images.shape[2]).unsqueeze(2), _source(right, images.shape[3]).unsqueeze(1)
    return padded[batch, :, rows, columns].permute(0, 3, 1, 2)


def cutout(images: Tensor) -> Tensor:
    """A rectangle of half the sides made mid-grey, its middle anywhere in the image."""
    rows, columns = (
        _hole(images, side, size) for side, size in zip(images.shape[2:], _sizes(images, HOLE), strict=True)
    )
    return torch.where(rows.view(len(images), 1, -1, 1) & columns.view(len(images), 1, 1, -1), 0, images)


POLICIES: Mapping[str, tuple[Change, ...]] = {
    "color": (brightness, saturation, contrast),
    "translation": (translation,),
    "cutout": (cutout,),
}


def _sizes(images: Tensor, share: float) -> tuple[int, int]:
    """This share of the height and of the width, to the nearest pixel."""
    height, width = (int(side * share + 0.5) for side in images.shape[2:])
    return height, width


def _source(shift: Tensor, side: int) -> Tensor:
    """Where each of `side` pixels comes from, in an image with a border of zeros: (B, side)."""
    return (torch.arange(side, device=shift.device) - shift + 1).clamp(0, side + 1)


def _hole(images: Tensor, side: int, size: int) -> Tensor:
    """Which of `side` pixels lie in a stretch of `size` of them, which may hang over the edge: (B, side)."""
    start = whole(images, side + 1 - size % 2).view(-1, 1) - size // 2
    place = torch.arange(side, device=images.device)
    return (place >= start) & (place < start + size)
