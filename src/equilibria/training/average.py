"""The slow copy of the networks that samples are drawn from."""

import copy

import torch
from torch import Tensor, nn

_RAMP = 0.05  # of the rounds so far: a longer half-life would remember the initial weights


class Average(nn.Module):
    """Exponential moving average of networks; its half-life, in rounds, is at most 5 % of the rounds so far."""

    def __init__(self, networks: nn.ModuleDict, halflife: float = 1000.0):
        super().__init__()
        self.networks = copy.deepcopy(networks).requires_grad_(False).eval()
        self.halflife = halflife

    @torch.no_grad()
    def update(self, networks: nn.ModuleDict, step: int) -> None:
        """Move towards the networks as they are after round `step` (counted from 0)."""
        halflife = min(self.halflife, _RAMP * step)
        share = 1 - 0.5 ** (1 / halflife) if halflife > 0 else 1.0
        fast = {name: networks[name] for name in self.networks}
        moving: list[Tensor] = [p for network in fast.values() for p in network.parameters()]
        torch._foreach_lerp_(list[Tensor](self.networks.parameters()), moving, share)
        buffers = [b for network in fast.values() for b in network.buffers()]
        for slow, current in zip(self.networks.buffers(), buffers, strict=True):
            slow.copy_(current)
