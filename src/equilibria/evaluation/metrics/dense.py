"""A small network that looks at rows."""

import math

import torch
from torch import Tensor, nn

from ...core.randomness import key

_WIDTH, _WAVES = 128, 64
_OCTAVES = 6  # of frequencies: from one deviation of the data to a sixty-fourth of it
_FEW = 32  # numbers: up to here waves are seen beside the rows themselves


def dense(like: Tensor, seed: int) -> nn.Module:
    """Rows (B, F) to one number each, (B,), all zero at first: two hidden layers of 128, in units of `like` (N, F).

    Few coordinates are seen through random waves of many lengths, too: else detail much smaller than the whole is
    learned too late (Tancik et al. 2020).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed, like.shape[1]))
        first = _Scaled(like, _WAVES if like.shape[1] <= _FEW else 0)
        hidden = [nn.Linear(first.size, _WIDTH), nn.LeakyReLU(0.2), nn.Linear(_WIDTH, _WIDTH), nn.LeakyReLU(0.2)]
        last = nn.Linear(_WIDTH, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(first, *hidden, last, nn.Flatten(0)).to(like.device)


class _Scaled(nn.Module):
    """Rows (B, F) about the mean of others, in units of their deviation, and waves of them: (B, size)."""

    mean: Tensor
    deviation: Tensor
    frequencies: Tensor

    def __init__(self, like: Tensor, waves: int):
        super().__init__()
        self.size = like.shape[1] + 2 * waves
        self.register_buffer("mean", like.mean(dim=0))
        self.register_buffer("deviation", like.var(dim=0, correction=0).mean().sqrt().clamp(min=1e-12))
        drawn = torch.randn(like.shape[1], waves) / math.sqrt(like.shape[1])
        self.register_buffer("frequencies", drawn * 2 ** (_OCTAVES * torch.rand(waves)))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.deviation
        phases = x @ self.frequencies
        return torch.cat([x, phases.cos(), phases.sin()], dim=1)
