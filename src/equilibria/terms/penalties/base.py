"""What a penalty is: a duel to per-sample costs."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.once import once
from ...core.types import Critic, Views


@dataclass
class Duel:
    """One confrontation of real with fake, and the critic's verdict, given when it is first asked for."""

    critic: Critic
    real: Views  # each (B, ...)
    fake: Views  # each (B, ...)
    together: bool = False  # one pass may score both sides: right for a critic that treats samples independently

    @once
    def real_scores(self) -> Tensor:
        """The critic's scores of the real side: (B,)."""
        return self.critic(*self.real)

    @once
    def fake_scores(self) -> Tensor:
        """The critic's scores of the fake side: (B,)."""
        return self.critic(*self.fake)

    @property
    def scores(self) -> tuple[Tensor, Tensor]:
        """Real and fake, each (B,): in one pass if it may be, and no penalty has asked for one side's own."""
        if self.together and not {"real_scores", "fake_scores"} & self.__dict__.keys():
            both = self.critic(*(torch.cat(pair) for pair in zip(self.real, self.fake, strict=True)))
            self.real_scores, self.fake_scores = both.chunk(2)
        return self.real_scores, self.fake_scores


Penalty = Callable[[Duel], Tensor]  # -> (B,); one that remembers is an nn.Module: its buffers are saved with the run


def refuse_negative(name: str, **options: float) -> None:
    """A critic is not paid for what it should avoid, and slopes and spreads are lengths."""
    for option, value in options.items():
        if not 0 <= value < math.inf:
            raise Refusal(f"{name} has {option} {value:g}: a finite number of 0 or more is needed.")
