"""The condition as it is, beside what goes in."""

from torch import Tensor, nn

from .base import Beside, Conditioning


class Planes(nn.Module):
    """Each number as a constant plane: (B, C) -> (B, C, H, W)."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, y: Tensor) -> Tensor:
        return y[:, :, None, None].expand(-1, -1, self.height, self.width)


def concat() -> Conditioning:
    """As it is, beside a vector, or as constant planes beside an image's channels (Mirza and Osindero 2014)."""
    return Conditioning(
        beside=lambda size, shape: Beside(nn.Identity() if len(shape) == 1 else Planes(*shape[1:]), size)
    )
