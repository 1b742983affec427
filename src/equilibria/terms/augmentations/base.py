"""Augmentations: the protocol, random numbers per sample, and image transforms."""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from ...core.types import Views

Transform = Callable[[Tensor], Tensor]  # images (B, C, H, W) to images


class Augmentation(Protocol):
    """Applied to a critic's input: critic(*augment(*views)). It is an nn.Module, whose buffers are saved with the run.

    One with a true `reads_signs` adapts to the signs of scores, which only some divergences give a meaning.
    """

    def __call__(self, *views: Tensor) -> Views:
        """The views, each (B, ...), each sample transformed at random and independently."""

    def watch(self, real_scores: Tensor) -> None:
        """Adapt to the scores of real samples in a critic step: (B,)."""


def map_images(views: Views, shape: tuple[int, ...], change: Transform) -> Views:
    """The views with their images transformed, one by one if several are packed in the channels; codes unchanged."""
    return tuple(
        change(view.reshape(-1, *shape)).reshape_as(view) if view.ndim == 1 + len(shape) else view for view in views
    )


class NoAugmentation(nn.Module):
    """No augmentation."""

    def forward(self, *views: Tensor) -> Views:
        return views

    def watch(self, real_scores: Tensor) -> None:
        pass


def uniform(images: Tensor, *count: int) -> Tensor:
    """Draws of U(0, 1) per image: (*count, B)."""
    return torch.rand(*count, len(images), dtype=images.dtype, device=images.device)


def normal(images: Tensor, *count: int) -> Tensor:
    """Draws of N(0, 1) per image: (*count, B)."""
    return torch.randn(*count, len(images), dtype=images.dtype, device=images.device)


def angle(images: Tensor) -> Tensor:
    """Uniform on the circle, in radians: (B,)."""
    return (2 * uniform(images) - 1) * math.pi


def integers(images: Tensor, count: int) -> Tensor:
    """Uniform on 0 ... count - 1: (B,)."""
    return torch.randint(count, (len(images),), device=images.device)


def with_probability(probability: Tensor, amount: Tensor) -> Tensor:
    """The amounts, (..., B), with this probability for each sample, else exactly zero, which must mean no change."""
    applied = torch.rand(amount.shape[-1], device=amount.device) < probability
    return torch.where(applied, amount, 0)


def bilinear(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Images (B, C, H, W) at x, y from the center, each (B, H, W), bilinear, reflected at the edges: (B, C, H, W)."""
    x, y = x + (images.shape[3] - 1) / 2, y + (images.shape[2] - 1) / 2
    columns, rows = x.floor(), y.floor()
    right_share, lower_share = (x - columns).to(images.dtype), (y - rows).to(images.dtype)
    columns, rows = columns.long(), rows.long()
    upper = _blend(_pixels(images, columns, rows), _pixels(images, columns + 1, rows), right_share)
    lower = _blend(_pixels(images, columns, rows + 1), _pixels(images, columns + 1, rows + 1), right_share)
    return _blend(upper, lower, lower_share)


def _blend(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Linear interpolation, exactly the first where the share of the second is zero."""
    return first * (1 - share).unsqueeze(1) + second * share.unsqueeze(1)


def _pixels(images: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    height, width = images.shape[2:]
    index = _reflected(rows, height) * width + _reflected(columns, width)
    index = index.flatten(1).unsqueeze(1).expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, index).view_as(images)


def _reflected(index: Tensor, size: int) -> Tensor:
    """An index into `size` pixels and their mirror images: ... 2 1 0 1 2 ..."""
    period = max(2 * (size - 1), 1)
    index = index.remainder(period)
    return torch.minimum(index, period - index)


Points = tuple[Tensor, Tensor]


def pixel_grid(images: Tensor) -> Points:
    """The coordinates of all pixels relative to the center: each (B, H, W)."""
    count, _, height, width = images.shape
    x = torch.arange(width, dtype=torch.float32, device=images.device) - (width - 1) / 2
    y = torch.arange(height, dtype=torch.float32, device=images.device) - (height - 1) / 2
    return x.view(1, 1, -1).expand(count, height, width), y.view(1, -1, 1).expand(count, height, width)


def mirror(points: Points, amount: Tensor) -> Points:
    """Flip horizontally where the amount is 1."""
    x, y = points
    return x * (1 - 2 * _flat(amount)), y


def quarter_turn(points: Points, quarters: Tensor) -> Points:
    """Rotate by a whole number of quarter turns, exactly."""
    x, y = points
    cos, sin = (_flat(((quarters + shift) % 4 - 2).abs() - 1) for shift in (0, 3))  # 1 0 -1 0, and 0 1 0 -1
    return x * cos + y * sin, y * cos - x * sin


def rotate(points: Points, angle: Tensor) -> Points:
    """Rotate by an angle in radians."""
    x, y = points
    cos, sin = _flat(angle.cos()), _flat(angle.sin())
    return x * cos + y * sin, y * cos - x * sin


def resize(points: Points, across: Tensor, down: Tensor) -> Points:
    """Enlarge by these factors."""
    x, y = points
    return x / _flat(across), y / _flat(down)


def translate(points: Points, right: Tensor, down: Tensor) -> Points:
    """Shift by this many pixels."""
    x, y = points
    return x - _flat(right), y - _flat(down)


def _flat(amount: Tensor) -> Tensor:
    return amount.view(-1, 1, 1)


def brighten(images: Tensor, amount: Tensor) -> Tensor:
    """Add the amount to every value."""
    return images + _column(amount)


def scale_contrast(images: Tensor, amount: Tensor, reference: Tensor | float = 0.0) -> Tensor:
    """Scale the difference of every value from mid-gray, or another reference, by 1 + amount."""
    return images + _column(amount) * (images - reference)


def scale_saturation(images: Tensor, amount: Tensor) -> Tensor:
    """Scale the difference of every channel from the pixel's gray by 1 + amount: no effect on one channel."""
    return scale_contrast(images, amount, images.mean(dim=1, keepdim=True))


def flip_luma(images: Tensor, amount: Tensor) -> Tensor:
    """Negate the pixel's gray, but not its color, where the amount is 1."""
    return images - 2 * _column(amount) * images.mean(dim=1, keepdim=True)


def rotate_hue(images: Tensor, angle: Tensor) -> Tensor:
    """Rotate colors around the gray axis by an angle: no effect unless there are three channels."""
    if images.shape[1] != 3:
        return images
    color = images - images.mean(dim=1, keepdim=True)
    across = (torch.roll(color, 1, dims=1) - torch.roll(color, -1, dims=1)) / math.sqrt(3)  # the axis x color
    return images + (_column(angle.cos()) - 1) * color + _column(angle.sin()) * across


def _column(amount: Tensor) -> Tensor:
    """One number per sample, to broadcast over its pixels: (B, 1, 1, 1)."""
    return amount.view(-1, 1, 1, 1)
