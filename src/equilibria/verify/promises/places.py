"""Where a penalty looks at the critic."""

import torch
from torch import Tensor

from ...core.randomness import reseed
from ...terms.penalties import Duel
from ..claims import Answer
from ..scenes.critics import IMAGE, evenly, straight
from .base import no, number, yes
from .laws import Maker

_COUNT = 64


def one_share_a_sample(make: Maker) -> Answer:
    """Points between real and fake lie on the segments that join them: one coefficient for each sample."""
    found = shares(make)
    if found is None:
        return yes("not between")
    if float((found - found[:, :1]).abs().max()) > 1e-6:
        return no(
            "one a pixel",
            f"one interpolation coefficient for each pixel: a single sample is taken from {number(found[0].min())} to "
            f"{number(found[0].max())} of the way from real to fake at once; one coefficient a sample keeps it on the "
            f"segment.",
        )
    if float(found.std()) < 1e-6:
        return no(
            "one a batch",
            f"one interpolation coefficient for the whole batch: all {_COUNT} samples are met "
            f"{number(found[0, 0])} of the way from real to fake; each needs its own.",
        )
    return yes("one a sample")


def shares(make: Maker) -> Tensor | None:
    """How far each number of each sample is on its way from real (0) to fake (1), or None: (B, D)."""
    for near, far in zip(visited(make, 1.0), visited(make, 10.0), strict=False):
        inside = bool(((near > 0) & (near < 1)).any())
        if inside and near.shape == far.shape and torch.allclose(10 * near, far):
            return near.flatten(1)
    return None


def visited(make: Maker, distance: float) -> list[Tensor]:
    """Everything that the critic is shown between all zeros (real) and all `distance` (fake)."""
    shown, line = list[Tensor](), straight(evenly(1.0))

    def critic(x: Tensor) -> Tensor:
        shown.append(x.detach())
        return line(x)

    real = torch.zeros(_COUNT, *IMAGE, dtype=torch.float64)
    reseed(0)
    make()(Duel(critic, (real,), (real + distance,)))
    return shown
