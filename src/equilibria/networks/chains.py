"""Layers after one another and sums of two ways, in which those that listen are told the condition."""

from torch import Tensor, nn


class Chain(nn.Sequential):
    """Layers one after another; a layer whose `listens` is true is told the condition too."""

    listens = True

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """x (B, ...) and its condition (B, C)? through every layer."""
        for layer in self:
            x = layer(x, y) if getattr(layer, "listens", False) else layer(x)
        return x


class Residual(nn.Module):
    """The sum of a short way and a long one."""

    listens = True

    def __init__(self, short: Chain, long: Chain):
        super().__init__()
        self.short, self.long = short, long

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, ...) and (B, C)?, the same to both ways."""
        return self.short(x, y) + self.long(x, y)
