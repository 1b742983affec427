"""The two roles: where the condition enters, and what goes in and comes out."""

import torch
from torch import Tensor, nn

from ..core.errors import Refusal


class Generator(nn.Module):
    """From a latent, beside its condition, to a sample."""

    def __init__(self, layers: nn.Module, outlet: nn.Module, condition: int):
        super().__init__()
        self.layers, self.outlet, self.condition = layers, outlet, condition

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z), (B, C)? -> (B, *sample)."""
        return self.outlet(self.layers(beside(z, y, self.condition)))


class VectorCritic(nn.Module):
    """Scores flattened views; the condition enters with them."""

    def __init__(self, trunk: nn.Module, head: nn.Module, condition: int):
        super().__init__()
        self.trunk, self.head, self.condition = trunk, head, condition

    def features(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F)."""
        return self.trunk(beside(torch.cat([v.flatten(1) for v in views], dim=1), y, self.condition))

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        return self.head(self.features(*views, y=y)).squeeze(1)


class ImageCritic(nn.Module):
    """Scores images; the condition enters beside their features, before the head."""

    def __init__(self, trunk: nn.Module, head: nn.Module, condition: int):
        super().__init__()
        self.trunk, self.head, self.condition = trunk, head, condition

    def features(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """What the head sees: (B, F + C)."""
        return beside(self.trunk(x), y, self.condition)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, C, H, W) and (B, C)? -> (B,)."""
        return self.head(self.features(x, y)).squeeze(1)


def beside(x: Tensor, y: Tensor | None, condition: int) -> Tensor:
    """x (B, N) and its condition (B, C): (B, N + C)."""
    width = 0 if y is None else y.shape[1]
    if width != condition:
        told = "no condition" if y is None else f"a condition of width {width}"
        built = f"one of width {condition}" if condition else "none"
        raise Refusal(
            f"A network was given {told} and was built for {built}: pass labels exactly when it is conditional."
        )
    return x if y is None else torch.cat([x, y], dim=1)
