"""Data parallelism without DDP: gradients are averaged after `backward`, so penalties and lazy terms stay exact."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def rank() -> int:
    """The number of this process, from 0."""
    return dist.get_rank() if _is_distributed() else 0


def world_size() -> int:
    """The number of processes."""
    return dist.get_world_size() if _is_distributed() else 1


@torch.no_grad()
def average_(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over processes, in place and in one reduction."""
    if world_size() == 1 or not tensors:
        return
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    for tensor, mean in zip(tensors, (flat / world_size()).split([t.numel() for t in tensors]), strict=True):
        tensor.copy_(mean.view_as(tensor))


def all_reduce_mean(values: Tensor) -> Tensor:
    """The mean over the batches of all processes, which have one size: (). Its averaged gradients are exact."""
    return values.mean() if world_size() == 1 else _Mean.apply(values.mean())


class _Mean(torch.autograd.Function):
    """Mean over processes. As a linear map it is its own transpose, so backward is the same."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total / world_size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Mean.apply(gradient)


def _is_distributed() -> bool:
    return dist.is_available() and dist.is_initialized()
