"""Everything that one network is told of its condition."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ..norms import Norm
from .base import Beside, Conditioning, Linear


class Entrance(nn.Module):
    """What goes in: vectors joined, or an image, and beside it what is told of the condition."""

    def __init__(self, size: int, shape: tuple[int, ...], beside: Sequence[Beside]):
        super().__init__()
        self.size, self.flat, self.beside = size, len(shape) == 1, nn.ModuleList(beside)
        self.extra = sum(part.extra for part in beside)  # numbers, or channels

    def forward(self, views: tuple[Tensor, ...], y: Tensor | None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B, N + extra) or (B, channels + extra, H, W)."""
        joined = [view.flatten(1) if self.flat else view for view in views]
        joined += [part(y) for part in self.beside]
        return joined[0] if len(joined) == 1 else torch.cat(joined, dim=1)

    def check(self, y: Tensor | None) -> None:
        """Refuse a condition that the network was not built for."""
        width = 0 if y is None else y.shape[1]
        if width != self.size:
            told = "no condition" if y is None else f"a condition of width {width}"
            built = f"one of width {self.size}" if self.size else "none"
            raise Refusal(
                f"A network was given {told} and was built for {built}: pass labels exactly when it is conditional."
            )


@dataclass(frozen=True)
class Told:
    """The ways in which one network is told a condition of `size` numbers; none, when that is 0."""

    size: int
    ways: tuple[Conditioning, ...]

    def entrance(self, *shape: int) -> Entrance:
        """For inputs of this shape: (N,) or (channels, H, W)."""
        return Entrance(self.size, shape, [way.beside(self.size, shape) for way in self.ways if way.beside])

    def slot(self, norm: Norm) -> Norm:
        """The same norm, listening."""
        for way in self.ways:
            norm = _listening(norm, way, self.size)
        return norm

    def verdicts(self, linear: Linear) -> list[nn.Module]:
        """What is added to scores, each (features, y) -> (B,)."""
        return [way.verdict(self.size, linear) for way in self.ways if way.verdict]

    def classes(self, linear: Linear) -> list[nn.Module]:
        """Heads that guess the condition, each features -> (B, C)."""
        return [way.classes(self.size, linear) for way in self.ways if way.classes]


def _listening(norm: Norm, way: Conditioning, size: int) -> Norm:
    listening = way.norm
    if listening is None:
        return norm
    return replace(norm, after=lambda channels, image: listening(size, norm.after(channels, image), channels))
