"""Augmentations: the record, random numbers per sample, and the transforms they are made of."""

import math
from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ...core.types import Views

Change = Callable[[Tensor], Tensor]  # images (B, C, H, W) to images


class Augmentation(Protocol):
    """Around a critic: critic(*augment(*views)). It is an nn.Module, whose buffers are saved with the run.

    One with a true `reads_signs` learns from the signs of scores, which not every divergence gives a meaning.
    """

    def __call__(self, *views: Tensor) -> Views:
        """The views, each (B, ...), every sample changed by a draw of its own."""
        ...

    def watch(self, real_scores: Tensor) -> None:
        """Learn from a move of the critic how it scores real samples: (B,)."""
        ...


def require_images(name: str, shape: tuple[int, ...]) -> None:
    """Raise Refusal unless samples of this shape are images."""
    if len(shape) != 3:
        raise Refusal(
            f"The augmentation {name!r} changes images, and these samples are points: use the one named 'none'."
        )


def each_image(views: Views, shape: tuple[int, ...], change: Change) -> Views:
    """The views with their images changed, one by one where several are packed in the channels; codes stay."""
    return tuple(
        change(view.reshape(-1, *shape)).reshape_as(view) if view.ndim == 1 + len(shape) else view for view in views
    )


def none() -> Augmentation:
    """Views as they are."""
    return Plain()


class Plain(nn.Module):
    """Shows the critic what there is."""

    def forward(self, *views: Tensor) -> Views:
        return views

    def watch(self, real_scores: Tensor) -> None:
        pass


def uniform(images: Tensor, *count: int) -> Tensor:
    """Of U(0, 1)."""
    return torch.rand(*count, len(images), dtype=images.dtype, device=images.device)


def normal(images: Tensor, *count: int) -> Tensor:
    """Of N(0, 1)."""
    return torch.randn(*count, len(images), dtype=images.dtype, device=images.device)


def angle(images: Tensor) -> Tensor:
    """Anywhere on the circle, in radians."""
    return (2 * uniform(images) - 1) * math.pi


def whole(images: Tensor, count: int) -> Tensor:
    """One of 0 ... count - 1."""
    return torch.randint(count, (len(images),), device=images.device)


def sometimes(chance: Tensor, drawn: Tensor) -> Tensor:
    """What was drawn, with this probability for each sample; else exactly zero, which must mean no change."""
    happens = torch.rand(drawn.shape[-1], device=drawn.device) < chance
    return torch.where(happens, drawn, 0)


def read_at(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """The images (B, C, H, W) at points x, y that count from the middle, each (B, H, W): (B, C, H, W).

    Between pixels bilinearly; beyond the edge lies the mirrored image.
    """
    x, y = x + (images.shape[3] - 1) / 2, y + (images.shape[2] - 1) / 2
    left, top = x.floor(), y.floor()
    right_share, lower_share = (x - left).to(images.dtype), (y - top).to(images.dtype)
    columns, rows = left.long(), top.long()
    upper = _blend(_pixels(images, columns, rows), _pixels(images, columns + 1, rows), right_share)
    lower = _blend(_pixels(images, columns, rows + 1), _pixels(images, columns + 1, rows + 1), right_share)
    return _blend(upper, lower, lower_share)


def _blend(first: Tensor, second: Tensor, share: Tensor) -> Tensor:
    """Exactly the first where the share of the second is zero."""
    return first * (1 - share).unsqueeze(1) + second * share.unsqueeze(1)


def _pixels(images: Tensor, columns: Tensor, rows: Tensor) -> Tensor:
    height, width = images.shape[2:]
    places = _mirrored(rows, height) * width + _mirrored(columns, width)
    index = places.flatten(1).unsqueeze(1).expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, index).view_as(images)


def _mirrored(index: Tensor, size: int) -> Tensor:
    """An index into `size` pixels and their mirror images: ... 2 1 0 1 2 ..."""
    period = max(2 * (size - 1), 1)
    place = index.remainder(period)
    return torch.minimum(place, period - place)


Points = tuple[Tensor, Tensor]


def pixels(images: Tensor) -> Points:
    """Where every pixel is."""
    count, _, height, width = images.shape
    x = torch.arange(width, dtype=torch.float32, device=images.device) - (width - 1) / 2
    y = torch.arange(height, dtype=torch.float32, device=images.device) - (height - 1) / 2
    return x.view(1, 1, -1).expand(count, height, width), y.view(1, -1, 1).expand(count, height, width)


def mirrored(points: Points, amount: Tensor) -> Points:
    """Left for right where the amount is 1."""
    x, y = points
    return x * (1 - 2 * _flat(amount)), y


def quarter_turned(points: Points, quarters: Tensor) -> Points:
    """A whole number of quarter turns, exactly."""
    x, y = points
    cos, sin = (_flat(((quarters + shift) % 4 - 2).abs() - 1) for shift in (0, 3))  # 1 0 -1 0, and 0 1 0 -1
    return x * cos + y * sin, y * cos - x * sin


def turned(points: Points, angle: Tensor) -> Points:
    """Turned by an angle."""
    x, y = points
    cos, sin = _flat(angle.cos()), _flat(angle.sin())
    return x * cos + y * sin, y * cos - x * sin


def scaled(points: Points, across: Tensor, down: Tensor) -> Points:
    """Larger by these factors."""
    x, y = points
    return x / _flat(across), y / _flat(down)


def shifted(points: Points, right: Tensor, down: Tensor) -> Points:
    """Moved by as many pixels."""
    x, y = points
    return x - _flat(right), y - _flat(down)


def _flat(amount: Tensor) -> Tensor:
    return amount.view(-1, 1, 1)


def brightened(images: Tensor, amount: Tensor) -> Tensor:
    """Every value raised by the amount."""
    return images + _column(amount)


def contrasted(images: Tensor, amount: Tensor, around: Tensor | float = 0.0) -> Tensor:
    """Every value further from mid-grey, or from what else it is compared with, by the factor 1 + amount."""
    return images + _column(amount) * (images - around)


def saturated(images: Tensor, amount: Tensor) -> Tensor:
    """Every channel further from the pixel's grey by the factor 1 + amount: idle on one channel."""
    return contrasted(images, amount, images.mean(dim=1, keepdim=True))


def luma_flipped(images: Tensor, amount: Tensor) -> Tensor:
    """Dark for light where the amount is 1: the pixel's grey negated, its color kept."""
    return images - 2 * _column(amount) * images.mean(dim=1, keepdim=True)


def hue_turned(images: Tensor, angle: Tensor) -> Tensor:
    """Colors turned around the axis of the greys: three channels have one, on others this is idle."""
    if images.shape[1] != 3:
        return images
    color = images - images.mean(dim=1, keepdim=True)
    across = (torch.roll(color, 1, dims=1) - torch.roll(color, -1, dims=1)) / math.sqrt(3)  # the axis x color
    return images + (_column(angle.cos()) - 1) * color + _column(angle.sin()) * across


def _column(amount: Tensor) -> Tensor:
    """One number a sample beside its pixels: (B, 1, 1, 1)."""
    return amount.view(-1, 1, 1, 1)
