"""The bends between layers. The table is the registration."""

from functools import partial

from torch import nn

from ..core.catalogue import Catalogue

ACTIVATIONS = Catalogue(
    "activation",
    relu=nn.ReLU,
    leaky_relu=partial(nn.LeakyReLU, 0.2),
    silu=nn.SiLU,
    tanh=nn.Tanh,
    elu=nn.ELU,
)
