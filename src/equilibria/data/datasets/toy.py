"""Points of the plane from known distributions."""

import math
from collections.abc import Callable
from typing import TypeVar

import torch
from torch import Tensor

from ...core.errors import above_zero, at_least
from ...core.seeding import generator
from ..dataset import Data, Labels, Modes
from ..spaces import Plane


def ring(modes: int = 8, spread: float = 0.02 / 1.414, count: int = 50_000) -> Data:
    """Gaussians on a circle: eight, radius 2 and std .02, over 1.414 (Gulrajani et al. 2017).

    `modes` is the number of Gaussians; `spread` is the std of each; `count` is the number of training
    points. The label of a point is its Gaussian.
    """
    above_zero("The data 'ring'", modes=modes, spread=spread, count=count)
    angles = torch.arange(modes) * (2 * math.pi / modes)  # linspace(0, 2 pi, modes) would count one mode twice
    return _mixture("ring", Modes(torch.stack([angles.cos(), angles.sin()], dim=1) * (2 / 1.414), spread), count)


def grid(side: int = 5, spread: float = 0.05 / 2.828, count: int = 50_000) -> Data:
    """Gaussians on a grid: 5 x 5 at distances of 2, std .05, over 2.828 (Gulrajani et al. 2017).

    `side` is the number of Gaussians per row; `spread` is the std of each; `count` is the number of training
    points. The label of a point is its Gaussian.
    """
    above_zero("The data 'grid'", side=side, spread=spread, count=count)
    ticks = (2.0 * torch.arange(side) - (side - 1)) / 2.828
    return _mixture("grid", Modes(torch.cartesian_prod(ticks, ticks), spread), count)


def swiss_roll(noise: float = 0.25, count: int = 50_000) -> Data:
    """A spiral (t cos t, t sin t), t from 1.5 pi to 4.5 pi, with Gaussian noise, over 7.5 (Gulrajani et al. 2017).

    `noise` is the std of the noise; `count` is the number of training points.
    """
    above_zero("The data 'swiss_roll'", count=count)
    at_least(0, "The data 'swiss_roll'", noise=noise)

    def draw(count: int, source: torch.Generator) -> Tensor:
        t = 1.5 * math.pi * (1 + 2 * torch.rand(count, generator=source))
        roll = torch.stack([t * t.cos(), t * t.sin()], dim=1)
        return (roll + noise * torch.randn(count, 2, generator=source)) / 7.5

    return Data("swiss_roll", Plane(2.25), *_both(draw, count))


def lines(theta: float = 0.0, count: int = 50_000) -> Data:
    """Points (theta, Z), Z uniform on [0, 1]: one of the parallel lines of Arjovsky et al. (2017, example 1).

    `theta` is the position of the line; `count` is the number of training points.
    """
    above_zero("The data 'lines'", count=count)

    def draw(count: int, source: torch.Generator) -> Tensor:
        return torch.stack([torch.full((count,), float(theta)), torch.rand(count, generator=source)], dim=1)

    return Data("lines", Plane(max(1.5, abs(theta) * 1.25)), *_both(draw, count))


def _mixture(name: str, modes: Modes, count: int) -> Data:
    centers, std = modes

    def draw(count: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        y = torch.randint(len(centers), (count,), generator=source)
        return centers[y] + std * torch.randn(count, 2, generator=source), y

    (x, y), (held_out, held_out_y) = _both(draw, count)
    space, labels = Plane(max(2.0, float(centers.abs().max()) * 1.25)), tuple(map(str, range(len(centers))))
    return Data(name, space, x, held_out, Labels("class", labels), y, held_out_y, modes=modes)


MODES = ("ring", "grid")  # data sets whose classes only number the modes
T = TypeVar("T")


def _both(draw: Callable[[int, torch.Generator], T], count: int) -> tuple[T, T]:
    """`count` points for training and a fifth of that held out, with fixed seeds."""
    return draw(count, generator(0)), draw(-(-count // 5), generator(1))
