"""A small network that tells pictures apart: what a classifier is made of, and what an untrained one looks through."""

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d

SIDE = 32  # pixels: larger pictures are averaged to so many
FEATURES = 64
_WIDTHS = (32, 64, 128)
_SMALLEST = 6  # a map of this side is still halved


class Convolutions(nn.Module):
    """Three convolutions, each halving the map while it is large enough, then `FEATURES` numbers, then logits."""

    def __init__(self, shape: tuple[int, ...], classes: int):
        super().__init__()
        channels, *sides = shape[0], *(min(side, SIDE) for side in shape[1:])
        stages = []
        for wide in _WIDTHS:
            stages += [nn.Conv2d(channels, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]
            if min(sides) >= _SMALLEST:
                stages.append(nn.MaxPool2d(2))
                sides = [side // 2 for side in sides]
            channels = wide
        size = channels * sides[0] * sides[1]
        last = [nn.Flatten(), nn.Linear(size, FEATURES, bias=False), nn.BatchNorm1d(FEATURES), nn.ReLU()]
        self.body = nn.Sequential(*stages, *last)
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, FEATURES)."""
        height, width = (min(side, SIDE) for side in x.shape[2:])
        x = x if (height, width) == tuple(x.shape[2:]) else adaptive_avg_pool2d(x, (height, width))
        return self.body(x.contiguous(memory_format=torch.channels_last))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, classes)."""
        return self.head(self.features(x))


def resizing(shape: tuple[int, ...]) -> str:
    """What is done to samples (C, H, W), as a card says it."""
    height, width = (min(side, SIDE) for side in shape[1:])
    return "none" if (height, width) == tuple(shape[1:]) else f"averaged to {height} x {width}"


def began(shape: tuple[int, ...], classes: int, seed: int) -> Convolutions:
    """The network as the seed begins it, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Convolutions(shape, classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
