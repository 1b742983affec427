"""What a penalty is: a duel to per-sample costs."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...core.once import once
from ...core.types import Critic, Views
from ..gradients import leaves


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


@dataclass(frozen=True)
class GradientPenalty:
    """A penalty on the critic's gradient, with what others must know of it. Calling it gives the cost: (B,)."""

    cost: Penalty
    target_norm: float | None = None  # the gradient norm between data and samples that costs nothing, if there is one
    one_sided: bool = False  # smaller norms cost nothing, too
    auto_weight: tuple[float, float] | None = None  # what the weight `auto` means: for points, for images
    uses_gradient: bool = True

    def __call__(self, duel: Duel) -> Tensor:
        return self.cost(duel)


def uses_gradient(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> bool:
    """Whether a penalty reads the critic's gradient: as its field `uses_gradient` says, else as a probe shows.

    The probe compares what critics pay whose scores of samples of this shape are all 0, and whose gradients differ. A
    penalty that cannot be probed counts as one on the gradient, which is the stricter case.
    """
    if isinstance(said := getattr(penalty, "uses_gradient", None), bool):
        return said
    try:
        flat, *steep = (_cost(penalty, slope, shape) for slope in (0.0, 1.0, 3.0))
    except Exception:
        return True
    return any(not torch.equal(flat, cost) for cost in steep)


def traits(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> dict[str, Any]:
    """What others must know of a penalty, as plain values: the doctor reads them, and a run records the user's own."""
    return {
        "uses_gradient": uses_gradient(penalty, shape),
        "target_norm": getattr(penalty, "target_norm", None),
        "one_sided": getattr(penalty, "one_sided", False),
    }


def _cost(penalty: Penalty, slope: float, shape: tuple[int, ...]) -> Tensor:
    """What a critic of this slope pays whose scores are all 0; with the same random numbers every time."""

    def critic(*views: Tensor) -> Tensor:
        with torch.no_grad():
            level = torch.cat([view.flatten(1) for view in views], dim=1).sum(dim=1)
        return slope * (torch.cat([view.flatten(1) for view in views], dim=1).sum(dim=1) - level)

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        real, fake = (torch.randn(4, *shape) for _ in range(2))
        return copy.deepcopy(penalty)(Duel(critic, leaves((real,)), leaves((fake,))))


def refuse_negative(name: str, **options: float) -> None:
    """A critic is not paid for what it should avoid, and slopes and spreads are lengths."""
    for option, value in options.items():
        if not 0 <= value < math.inf:
            raise Refusal(f"{name} has {option} {value:g}: a finite number of 0 or more is needed.")
