"""Random numbers for the samples of a batch, from the default generator: (B,), or (count, B)."""

import math

import torch
from torch import Tensor


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
