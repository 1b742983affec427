"""Networks without what only training needs."""

import copy

from torch import nn
from torch.nn.utils import parametrize


def plain(networks: nn.ModuleDict) -> nn.ModuleDict:
    """A copy for processors, whose norms of weights, such as the spectral norm, are worked into the weights."""
    copied = copy.deepcopy(networks).cpu().eval().requires_grad_(False)
    for module in copied.modules():
        if parametrize.is_parametrized(module):
            _settle(module)
    return copied


def _settle(module: nn.Module) -> None:
    """Make plain weights of those that are computed at each use.

    `parametrize.remove_parametrizations` would change the class, which the original shares with its copies.
    """
    weights = {name: getattr(module, name).clone() for name in module.parametrizations}  # type: ignore[union-attr]
    before = parametrize.type_before_parametrizations(module)
    del module.parametrizations
    module.__class__ = before
    for name, weight in weights.items():
        module.register_parameter(name, nn.Parameter(weight, requires_grad=False))
