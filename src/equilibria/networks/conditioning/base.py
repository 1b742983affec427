"""What a way of conditioning is: the place in a network where the condition enters."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

ROLES = ("generator", "critic", "encoder")


class Linear(Protocol):
    """A layer on the features of a critic, started and normed as its head is."""

    def __call__(self, outputs: int, bias: bool = True) -> nn.Module: ...


class Beside(nn.Module):
    """What stands beside an input: `maps` the condition, (B, C), to `extra` numbers, or channels of its image."""

    def __init__(self, maps: nn.Module, extra: int):
        super().__init__()
        self.maps, self.extra = maps, extra

    def forward(self, y: Tensor) -> Tensor:
        """(B, C) -> (B, extra), or (B, extra, H, W)."""
        return self.maps(y)


@dataclass(frozen=True)
class Conditioning:
    """A way of telling a network its condition, of C numbers, by one of four places; the others stay plain."""

    beside: Callable[[int, tuple[int, ...]], Beside] | None = None  # C, shape of the input; stands beside it
    norm: Callable[[int, nn.Module, int], nn.Module] | None = None  # C, a norm, its channels -> (h, y) to h
    verdict: Callable[[int, Linear], nn.Module] | None = None  # C, a layer -> (features, y) to (B,), added to scores
    classes: Callable[[int, Linear], nn.Module] | None = None  # C, a layer -> features to logits (B, C); not told y
    roles: tuple[str, ...] = ROLES
