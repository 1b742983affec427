"""Points of the plane: distributions whose truth is known."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.seeding import generator
from ..dataset import Data, Labels, Modes
from ..spaces import Plane

_TRAIN, _HELD_OUT = 0, 1  # the two parts are drawn apart, always from the same seeds


def ring(modes: int = 8, spread: float = 0.02 / 1.414, count: int = 50_000) -> Data:
    """Gaussians on a circle, none coinciding: eight, radius 2 and deviation .02 over 1.414 (Gulrajani et al. 2017).

    The labels say which of them a point is from.
    """
    return _mixture("ring", ring_modes(modes, spread), count)


def grid(side: int = 5, spread: float = 0.05 / 2.828, count: int = 50_000) -> Data:
    """Gaussians on a grid: 5 x 5, two apart, deviation .05, over 2.828 (Gulrajani et al. 2017).

    The labels say which of them a point is from.
    """
    return _mixture("grid", grid_modes(side, spread), count)


def swiss_roll(noise: float = 0.25, count: int = 50_000) -> Data:
    """A spiral (t cos t, t sin t), t from 1.5 pi to 4.5 pi, with Gaussian noise, over 7.5 (Gulrajani et al. 2017)."""
    _positive("swiss_roll", count=count)
    if noise < 0:
        raise Refusal(f"The data 'swiss_roll' has noise {noise}: it cannot be negative.")

    def draw(count: int, place: torch.Generator) -> Tensor:
        t = 1.5 * math.pi * (1 + 2 * torch.rand(count, generator=place))
        roll = torch.stack([t * t.cos(), t * t.sin()], dim=1)
        return (roll + noise * torch.randn(count, 2, generator=place)) / 7.5

    return _drawn("swiss_roll", Plane(2.25), draw, count)


def lines(theta: float = 0.0, count: int = 50_000) -> Data:
    """Points (theta, Z), Z uniform on [0, 1]: one of the parallel lines of Arjovsky et al. (2017, example 1)."""
    _positive("lines", count=count)

    def draw(count: int, place: torch.Generator) -> Tensor:
        return torch.stack([torch.full((count,), float(theta)), torch.rand(count, generator=place)], dim=1)

    return _drawn("lines", Plane(max(1.5, abs(theta) * 1.25)), draw, count)


def ring_modes(modes: int = 8, spread: float = 0.02 / 1.414) -> Modes:
    """The ring's centres (modes, 2), and the deviation around each."""
    _positive("ring", modes=modes, spread=spread)
    angles = torch.arange(modes) * (2 * math.pi / modes)  # linspace(0, 2 pi, modes) would count one mode twice
    return Modes(torch.stack([angles.cos(), angles.sin()], dim=1) * (2 / 1.414), spread)


def grid_modes(side: int = 5, spread: float = 0.05 / 2.828) -> Modes:
    """The grid's centres (side * side, 2), and the deviation around each."""
    _positive("grid", side=side, spread=spread)
    ticks = (2.0 * torch.arange(side) - (side - 1)) / 2.828
    return Modes(torch.cartesian_prod(ticks, ticks), spread)


MODES: Mapping[str, Callable[..., Modes]] = {"ring": ring_modes, "grid": grid_modes}


def modes_of(spec: str | Mapping[str, Any]) -> Modes | None:
    """The centres (K, 2) and the deviation of a data set given as `find` takes it; None where there are no modes."""
    part = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = part.pop("name", "")
    part.pop("count", None)
    return MODES[name](**part) if name in MODES else None


def _mixture(name: str, modes: Modes, count: int) -> Data:
    _positive(name, count=count)
    centres, spread = modes

    def draw(count: int, place: torch.Generator) -> tuple[Tensor, Tensor]:
        chosen = torch.randint(len(centres), (count,), generator=place)
        return centres[chosen] + spread * torch.randn(count, 2, generator=place), chosen

    (x, y), (held_out, held_out_y) = (draw(many, generator(part)) for part, many in _parts(count))
    space, labels = Plane(max(2.0, float(centres.abs().max()) * 1.25)), tuple(map(str, range(len(centres))))
    return Data(name, space, x, held_out, Labels("class", labels), y, held_out_y, modes=modes)


def _drawn(name: str, space: Plane, draw: Callable[[int, torch.Generator], Tensor], count: int) -> Data:
    """`count` training points, and a fifth of that held out, drawn independently."""
    x, held_out = (draw(many, generator(part)) for part, many in _parts(count))
    return Data(name, space, x, held_out)


def _parts(count: int) -> tuple[tuple[int, int], tuple[int, int]]:
    """Seeds and sizes of the two parts."""
    return (_TRAIN, count), (_HELD_OUT, -(-count // 5))


def _positive(name: str, **values: float) -> None:
    for option, value in values.items():
        if not value > 0:
            raise Refusal(f"The data {name!r} has {option} {value}: it must be positive.")
