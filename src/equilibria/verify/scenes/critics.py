"""Critics whose slopes are known, and confrontations for them."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...terms.penalties import Duel

SIZES = (1, 16, 64)  # batch sizes: what holds for one sample must hold for many
IMAGE = (2, 3, 3)


class Curved(nn.Module):
    """A smooth critic of one number or many, without a last bias: the losses see every one of its weights."""

    def __init__(self, inputs: int, width: int = 8, seed: int = 0):
        super().__init__()
        self.first, self.second = nn.Linear(inputs, width), nn.Linear(width, width)
        self.last = nn.Linear(width, 1, bias=False)
        source = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for weight in self.parameters():
                spread = max(weight[0].numel() if weight.ndim > 1 else width, 1) ** -0.5
                weight.copy_(torch.randn(weight.shape, generator=source) * spread)
        self.double()

    def features(self, *views: Tensor) -> Tensor:
        """What the last layer sees: (B, width)."""
        x = torch.cat([view.flatten(1) for view in views], dim=1).double()
        return torch.tanh(self.second(torch.tanh(self.first(x))))

    def forward(self, *views: Tensor) -> Tensor:
        """Scores: (B,)."""
        return self.last(self.features(*views)).squeeze(1)


def straight(direction: Tensor) -> Callable[[Tensor], Tensor]:
    """The critic whose slope is `direction` everywhere, (*sample)."""
    return lambda x: (x * direction).flatten(1).sum(dim=1)


def bowl(x: Tensor) -> Tensor:
    """The critic |x|^2 / 2, whose slope at x is x: (B,)."""
    return x.square().flatten(1).sum(dim=1) / 2


def evenly(slope: float, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """A slope of this size, spread over all of a sample: (*sample)."""
    ones = torch.ones(shape, dtype=torch.float64)
    return slope * ones / ones.norm()


def noise(count: int, seed: int, shape: tuple[int, ...] = IMAGE) -> Tensor:
    """Samples: (count, *shape)."""
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def twins(critic: Callable[..., Tensor], x: Tensor) -> Duel:
    """A critic before real and fake samples that are the same: (B, *sample)."""
    return Duel(critic, (x,), (x,))


def duel(critic: Callable[..., Tensor], count: int, shape: tuple[int, ...] = IMAGE) -> Duel:
    """A critic before `count` real and `count` fake samples."""
    return Duel(critic, (noise(count, 1, shape),), (noise(count, 2, shape) + 0.5,))
