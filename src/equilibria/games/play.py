"""The vocabulary of a move: the batch, a draw from the prior, and what the networks make of them."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from ..core.once import once
from ..core.priors import Prior
from ..core.types import Batch


class Play:
    """One move's material. Derived values are computed at first use, at most once."""

    def __init__(self, networks: nn.ModuleDict, batch: Batch, prior: Prior, step: int = 0):
        self.networks: nn.ModuleDict | Mapping[str, nn.Module] = networks
        self.prior, self.step = prior, step
        self.x, self.y = batch

    @once
    def z(self) -> Tensor:
        """Drawn from the prior: (B, Z)."""
        return self.prior.draw(len(self.x), device=self.x.device)

    @once
    def fake(self) -> Tensor:
        """Generated from the prior: (B, *sample)."""
        return self.networks["generator"](self.z, self.y).to(self.x.dtype)

    @once
    def round(self) -> Tensor:
        """The rounds played before this move, as a number that losses may reckon with: ()."""
        return torch.full((), float(self.step), device=self.x.device)
