"""The shapes that travel between floors."""

from collections.abc import Callable
from typing import NamedTuple

from torch import Tensor

Views = tuple[Tensor, ...]  # what a critic sees, e.g. (x,) or (x, z); each (B, ...)
Critic = Callable[..., Tensor]  # critic(*views) -> (B,) scores, high for real
Terms = dict[str, Tensor]  # named summands of a player's loss, each ()


class Batch(NamedTuple):
    """Real samples, and the condition they were drawn under."""

    x: Tensor  # (B, *sample)
    y: Tensor | None = None  # (B, *condition)
