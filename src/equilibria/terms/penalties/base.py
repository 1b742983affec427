"""What a penalty is: a duel to per-sample costs."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ...core.types import Critic, Views


@dataclass(frozen=True)
class Duel:
    """One confrontation of real with fake, and the critic's verdict."""

    critic: Critic
    real: Views  # each (B, ...)
    fake: Views  # each (B, ...)
    real_scores: Tensor  # (B,)
    fake_scores: Tensor  # (B,)


Penalty = Callable[[Duel], Tensor]  # -> (B,); one that remembers is an nn.Module: its buffers are saved with the run
