"""What a divergence is: how scores become the losses of the two sides."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from .facts import Facts

Loss = Callable[[Tensor, Tensor], Tensor]  # scores (real, fake), each (B,), to per-sample values (B,)


@dataclass(frozen=True)
class Divergence:
    """Two losses over scores, and what the critic's loss says about the distance between data and model."""

    critic: Loss  # minimized by the critic
    generator: Loss  # minimized by whoever draws the fake views
    paired: bool = False  # the generator's loss reads the real scores too
    estimate: Callable[[float], float] | None = None  # the critic's mean loss, read as a distance (a lower bound)
    measures: str = ""  # that distance in words; after a comma its units and its range
    facts: Facts | None = None  # of an f-divergence in its variational form
