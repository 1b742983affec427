"""How samples are brought to what a network was trained on."""

import torch
from torch import Tensor

from ...data.records import Space


def pixels(space: Space, x: Tensor) -> Tensor:
    """Samples (B, C, H, W) as the space encodes them -> the eight bits that people keep, 0 to 255: (B, C, H, W)."""
    return torch.from_numpy(space.decode(x)).permute(0, 3, 1, 2).to(x.device)


def bilinear(x: Tensor, side: int) -> Tensor:
    """(B, C, H, W) -> (B, C, side, side) as TensorFlow 1 did: place i of the new is place i H / side of the old.

    That is not where a pixel's middle comes to lie, and Frechet distances change with it (Parmar et al. 2022).
    """
    rows, columns = (_places(size, side, x) for size in x.shape[2:])
    return _between(_between(x, *columns, dim=3), *rows, dim=2)


def _places(size: int, side: int, like: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """The pixel before, the one after, and how far the place is from the first."""
    places = torch.arange(side, device=like.device, dtype=like.dtype) * (size / side)
    before = places.long()
    return before, (before + 1).clamp(max=size - 1), places - before


def _between(x: Tensor, before: Tensor, after: Tensor, far: Tensor, dim: int) -> Tensor:
    shape = [-1 if axis == dim else 1 for axis in range(x.ndim)]
    low = x.index_select(dim, before)
    return low + (x.index_select(dim, after) - low) * far.view(shape)
