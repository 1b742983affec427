"""The slow copy of the networks that samples are drawn from."""

import copy
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

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


@torch.no_grad()
def reestimate(network: nn.Module, forward: Callable[[int], Tensor], batches: int = 16) -> None:
    """Replace batch-norm statistics by the mean over `forward(0)`, `forward(1)`, ...: averaged weights need their own.

    `forward` runs the network on a batch of its own choice.
    """
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm) and m.track_running_stats]
    if not norms:
        return
    with _cumulative(norms):
        for i in range(batches):
            forward(i)


@contextmanager
def _cumulative(norms: Iterable[nn.modules.batchnorm._BatchNorm]) -> Iterator[None]:
    """Batch norms that average what they see with equal weight."""
    momenta = {norm: norm.momentum for norm in norms}
    for norm in momenta:
        norm.reset_running_stats()
        norm.train().momentum = None
    try:
        yield
    finally:
        for norm, momentum in momenta.items():
            norm.eval().momentum = momentum
