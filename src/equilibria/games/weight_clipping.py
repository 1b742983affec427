"""Weight clipping, the constraint on the critic of the first WGAN (Arjovsky et al. 2017)."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import nn

from ..core.errors import Refusal

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


@dataclass(frozen=True)
class WeightClipping:
    """A constraint: every weight within [-bound, bound]."""

    bound: float
    norms: bool  # whether the scales of normalization layers are clipped, too

    @torch.no_grad()
    def __call__(self, network: nn.Module) -> None:
        for weight in self.weights(network):
            weight.clamp_(-self.bound, self.bound)

    def weights(self, network: nn.Module) -> Iterator[nn.Parameter]:
        """The weights that are clipped."""
        for module in network.modules():
            if self.norms or not isinstance(module, _NORMS):
                yield from module.parameters(recurse=False)


def clip_weights(bound: float, norms: bool = False) -> WeightClipping:
    """Keep every weight within [-bound, bound] (Arjovsky et al. 2017).

    The scales of normalization layers are exempt unless `norms`: a scale of 0.01 does not bound the gradient by 0.01.
    Raises Refusal unless the bound is positive.
    """
    if bound <= 0:
        raise Refusal(f"clip is {bound}: the bound on the weights must be positive.")
    return WeightClipping(bound, norms)
