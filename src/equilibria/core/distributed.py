"""Data parallelism by hand: gradients are averaged after `backward`, so penalties and lazy terms come out exact."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor


def rank() -> int:
    """This process's place among its peers, from 0."""
    return dist.get_rank() if _together() else 0


def world_size() -> int:
    """How many processes play together."""
    return dist.get_world_size() if _together() else 1


@torch.no_grad()
def average_(tensors: Sequence[Tensor]) -> None:
    """Replace each tensor by its mean over processes, in one reduction."""
    if world_size() == 1 or not tensors:
        return
    flat = torch.cat([t.flatten() for t in tensors])
    dist.all_reduce(flat)
    for tensor, mean in zip(tensors, (flat / world_size()).split([t.numel() for t in tensors]), strict=True):
        tensor.copy_(mean.view_as(tensor))


def all_reduce_mean(values: Tensor) -> Tensor:
    """The mean over the batches of all processes, which are of one size: (). Exact once gradients are averaged."""
    return values.mean() if world_size() == 1 else _Mean.apply(values.mean())


class _Mean(torch.autograd.Function):
    """Mean over processes. What each process's loss asks of it is shared in equal parts, so it is its own transpose."""

    @staticmethod
    def forward(ctx: Any, value: Tensor) -> Tensor:
        total = value.clone(memory_format=torch.contiguous_format)
        dist.all_reduce(total)
        return total / world_size()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        return _Mean.apply(gradient)


def _together() -> bool:
    return dist.is_available() and dist.is_initialized()
