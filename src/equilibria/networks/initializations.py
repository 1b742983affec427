"""Where the weights of a layer start; biases start at zero. The table is the registration."""

import math

from torch import nn

from ..core.catalogue import Catalogue

Layer = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


def normal(layer: Layer) -> Layer:
    """Normal with standard deviation 0.02, whatever the layer (DCGAN, Radford et al. 2016)."""
    return _drawn(layer, 0.02)


def he(layer: Layer) -> Layer:
    """Normal with variance 2 / inputs: keeps the scale through ReLUs (He et al. 2015)."""
    return _drawn(layer, math.sqrt(2 / _inputs(layer)))


def lecun(layer: Layer) -> Layer:
    """Normal with variance 1 / inputs: keeps the scale through linear layers (LeCun et al. 1998)."""
    return _drawn(layer, math.sqrt(1 / _inputs(layer)))


def glorot(layer: Layer) -> Layer:
    """Uniform with variance 2 / (inputs + outputs), the same scale forwards and backwards (Glorot and Bengio 2010)."""
    nn.init.xavier_uniform_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


INITIALIZATIONS = Catalogue("initialization", normal=normal, he=he, lecun=lecun, glorot=glorot)


def _drawn(layer: Layer, deviation: float) -> Layer:
    nn.init.normal_(layer.weight, std=deviation)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _inputs(layer: Layer) -> float:
    """How many products make one output."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    products = layer.in_channels * math.prod(layer.kernel_size)
    return products / math.prod(layer.stride) if isinstance(layer, nn.ConvTranspose2d) else products
