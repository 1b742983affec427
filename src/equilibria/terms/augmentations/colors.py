"""Changes of color: images (B, C, H, W) and an amount for each, (B,). An amount of zero changes nothing, not a bit."""

import math

import torch
from torch import Tensor


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
