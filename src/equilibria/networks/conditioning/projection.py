"""The condition in the score, by an inner product with the features."""

from torch import Tensor, nn

from .base import Conditioning, Linear


class Projection(nn.Module):
    """The inner product of the features with the embedded condition: <V y, f>."""

    def __init__(self, size: int, linear: Linear):
        super().__init__()
        self.embedding = linear(size, bias=False)  # V, transposed: <V y, f> = <y, V' f>

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """(B, F) and (B, C) -> (B,)."""
        return (self.embedding(features) * y).sum(dim=1)


def projection() -> Conditioning:
    """Critics: its embedding's inner product with the features is added to scores (Miyato and Koyama 2018)."""
    return Conditioning(verdict=Projection, roles=("critic",))
