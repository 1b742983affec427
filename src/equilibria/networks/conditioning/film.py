"""The condition in the scales and shifts of norms."""

import torch
from torch import Tensor, nn

from .base import Conditioning


class Film(nn.Module):
    """A norm whose scales and shifts move linearly with the condition: plain(h) (1 + gamma y) + beta y.

    It starts as the plain norm, whose own scales and shifts stay: they are those of the condition zero. No norm wraps
    gamma and beta, as none wraps a norm's own.
    """

    listens = True

    def __init__(self, size: int, plain: nn.Module, channels: int):
        super().__init__()
        self.plain = plain
        self.gamma = nn.Parameter(torch.zeros(channels, size))
        self.beta = nn.Parameter(torch.zeros(channels, size))

    def forward(self, h: Tensor, y: Tensor) -> Tensor:
        """(B, F, ...) and (B, C) -> (B, F, ...)."""
        gamma, beta = ((y @ weight.t()).unflatten(1, (-1, *[1] * (h.ndim - 2))) for weight in (self.gamma, self.beta))
        return self.plain(h) * (1 + gamma) + beta


def film() -> Conditioning:
    """Scales and shifts of it in every norm slot (Dumoulin et al. 2017; de Vries et al. 2017; Perez et al. 2018)."""
    return Conditioning(norm=Film)
