"""What a network must satisfy after each move."""

from collections.abc import Callable

import torch
from torch import nn

from ..core.errors import Refusal

_NORMS = (nn.modules.batchnorm._NormBase, nn.LayerNorm, nn.GroupNorm)


def clip_weights(bound: float, norms: bool = False) -> Callable[[nn.Module], None]:
    """Keep every weight within [-bound, bound] (Arjovsky et al. 2017).

    The scales of normalization layers are exempt unless `norms`: a scale of 0.01 is not a slope of 0.01.
    """
    if bound <= 0:
        raise Refusal(f"clip is {bound}: the bound on the weights must be positive.")

    @torch.no_grad()
    def clip(network: nn.Module) -> None:
        for module in network.modules():
            if norms or not isinstance(module, _NORMS):
                for weight in module.parameters(recurse=False):
                    weight.clamp_(-bound, bound)

    return clip
