"""Changes of place: where a pixel of the changed image comes from.

Points x, y count from the middle: each (B, H, W). An amount of zero, or a factor of one, changes nothing, not a bit.
"""

import torch
from torch import Tensor

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
