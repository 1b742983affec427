"""Weight clipping, the constraint on the critic of the first WGAN (Arjovsky et al. 2017)."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from ..core.errors import above_zero

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class WeightClipping:
    """A constraint: every weight within [-bound, bound] (Arjovsky et al. 2017). Raises Refusal for one of 0.

    The scales of normalization layers are exempt unless `norms`: a scale of 0.01 does not bound the gradient by 0.01.
    """

    bound: float
    norms: bool = False

    def __post_init__(self) -> None:
        above_zero("The game", clip=self.bound)

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        for weight in self.weights(network):
            weight.clamp_(-self.bound, self.bound)

    def weights(self, network: nn.Module) -> Iterator[nn.Parameter]:
        """The weights that are clipped."""
        for module in network.modules():
            if self.norms or not isinstance(module, _NORMS):
                yield from module.parameters(recurse=False)
