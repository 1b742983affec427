"""The condition in learned coordinates, beside what goes in."""

from math import prod

from torch import nn

from .base import Beside, Conditioning

_NUMBERS = 32  # our choice; the networks' first layers are linear too, so little depends on it


def embedding() -> Conditioning:
    """A learned linear map of it, 32 numbers beside a vector or one plane beside an image (Denton et al. 2015)."""

    def beside(size: int, shape: tuple[int, ...]) -> Beside:
        if len(shape) == 1:
            return Beside(_lookup(size, _NUMBERS), _NUMBERS)
        return Beside(nn.Sequential(_lookup(size, prod(shape[1:])), nn.Unflatten(1, (1, *shape[1:]))), 1)

    return Conditioning(beside=beside)


def _lookup(size: int, numbers: int) -> nn.Linear:
    """Of one-hot conditions, `nn.Embedding`; it starts as that does, at the scale of latents."""
    lookup = nn.Linear(size, numbers, bias=False)
    nn.init.normal_(lookup.weight)
    return lookup
