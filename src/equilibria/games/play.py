"""The vocabulary of a move: the batch, a draw from the prior, and what the networks make of them."""

from collections.abc import Callable

from torch import Tensor, nn

from ..core.once import once
from ..core.priors import Prior
from ..core.types import Batch, Views


class Play:
    """One move's material. Derived values are computed at first use, at most once."""

    def __init__(self, networks: nn.ModuleDict, batch: Batch, prior: Prior):
        self.networks, self.prior = networks, prior
        self.x, self.y = batch

    @once
    def z(self) -> Tensor:
        """Drawn from the prior: (B, Z)."""
        return self.prior.draw(len(self.x), device=self.x.device)

    @once
    def fake(self) -> Tensor:
        """Generated from the prior: (B, *sample)."""
        return self.networks["generator"](self.z, self.y).to(self.x.dtype)


View = Callable[[Play], Views]  # what a critic is shown


def data(play: Play) -> Views:
    """The batch: (x,)."""
    return (play.x,)


def samples(play: Play) -> Views:
    """What the generator makes of the prior: (G(z),)."""
    return (play.fake,)
