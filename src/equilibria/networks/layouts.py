"""From vectors to maps and back, in the layout that convolutions are fastest in: channels last in memory."""

from typing import TypeVar

import torch
from torch import Tensor, nn

Layers = TypeVar("Layers", bound=nn.Module)


class ToMap(nn.Module):
    """(B, H * W * C) -> (B, C, H, W), without a copy."""

    def __init__(self, channels: int, height: int, width: int):
        super().__init__()
        self.size = height, width, channels

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, self.size).permute(0, 3, 1, 2)


class ToVector(nn.Module):
    """(B, C, H, W) -> (B, H * W * C), without a copy."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def channels_last(layers: Layers) -> Layers:
    """The same layers, with their weights in that layout; maps follow."""
    return layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
