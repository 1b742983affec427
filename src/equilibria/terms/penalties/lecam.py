"""A critic that remembers how it has scored."""

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ...core.processes import mean
from .base import Duel, Penalty, refuse_negative


def lecam(weight: float = 0.3, decay: float = 0.99) -> Penalty:
    """Scores stay near the other side's average: weight ((D(x) - a_fake)^2 + (D(G(z)) - a_real)^2) (Tseng et al. 2021).

    `decay` is what the averages a_real and a_fake of the scores keep of themselves in a move of the critic.
    """
    refuse_negative("lecam", weight=weight)
    if not 0 <= decay < 1:
        raise Refusal(f"lecam has decay {decay}: the averages need one of at least 0 and below 1.")
    return LeCam(weight, decay)


class LeCam(nn.Module):
    """The penalty and its memory: the averages before this move are the anchors, then this move joins them.

    So a sample's cost depends on no other sample of its batch. The averages start at zero; they are those of all
    processes.
    """

    uses_gradient = False

    averages: Tensor  # (2,), of the real and of the fake scores
    anchors: Tensor  # (2,), what they were before this move

    def __init__(self, weight: float, decay: float):
        super().__init__()
        self.weight, self.decay = weight, decay
        self.register_buffer("averages", torch.zeros(2))
        self.register_buffer("anchors", torch.zeros(2))

    def forward(self, duel: Duel) -> Tensor:
        """What each pair of samples costs: (B,)."""
        real, fake = duel.scores
        with torch.no_grad():  # a compiled gradient reads the anchors after the averages have moved on
            self.anchors.copy_(self.averages)
            self.averages.lerp_(torch.stack([mean(real), mean(fake)]).to(self.averages.dtype), 1 - self.decay)
        return self.weight * ((real - self.anchors[1]) ** 2 + (fake - self.anchors[0]) ** 2)
