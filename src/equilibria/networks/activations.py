"""The bends between layers. The table is the registration."""

from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ..core.catalogue import Catalogue


class Kink(nn.Module):
    """x above zero and slope * x below, as ReLU and LeakyReLU in value and every derivative.

    The bend is a product with a constant: when a penalty differentiates a critic's slope again, the way back through
    the scores, all of whose second derivatives are zero, is left out instead of being walked with zeros.
    """

    def __init__(self, slope: float = 0.0):
        super().__init__()
        self.slope = slope

    def forward(self, x: Tensor) -> Tensor:
        """Bend each value: the shape of x."""
        if not x.requires_grad:
            return leaky_relu(x, self.slope)
        with torch.no_grad():
            steepness = torch.ops.aten.leaky_relu_backward(torch.ones_like(x), x, self.slope, False)
        return x * steepness


ACTIVATIONS = Catalogue(
    "activation",
    relu=Kink,
    leaky_relu=partial(Kink, 0.2),
    silu=nn.SiLU,
    tanh=nn.Tanh,
    elu=nn.ELU,
)
