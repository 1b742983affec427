"""Fully connected layers beside convolutions."""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .chains import Chain
from .initializations import Layer, he
from .norms import Norm, none


class Style(NamedTuple):
    """How the layers of a network are made."""

    norm: Norm
    start: Callable[[Layer], Layer]  # an initialization
    bend: Callable[[], nn.Module]


class Joint(nn.Module):
    """A hidden layer of both an image's features and a latent, which goes through a tower of its own first.

    Scores of such a layer are no sum of one term for the image and one for the latent (Dumoulin et al. 2017 judge so).
    """

    def __init__(self, tower: Chain, mixed: Chain):
        super().__init__()
        self.tower, self.mixed = tower, mixed

    def forward(self, features: Tensor, z: Tensor, y: Tensor | None) -> Tensor:
        """(B, F), (B, Z) and (B, C)? -> (B, F)."""
        return self.mixed(torch.cat([features, self.tower(z.flatten(1))], dim=1), y)


def connected(before: int, units: int, style: Style) -> list[nn.Module]:
    """A hidden layer."""
    norm = none() if style.norm.pixels else style.norm
    layer = norm.around(style.start(nn.Linear(before, units, bias=norm.bias)))
    return [layer, norm.after(units, False), style.bend()]


def joint(beside: int, units: int, style: Style) -> Joint | None:
    """For a second view of `beside` numbers, and as many `units` as an image has features; none for 0.

    As an image's first layer the tower has no norm, so its weights start at a scale that needs none.
    """
    if not beside:
        return None
    tower = [style.norm.around(he(nn.Linear(beside, units))), style.bend()]
    return Joint(Chain(*tower), Chain(*connected(2 * units, units, style)))
