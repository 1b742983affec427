"""Building blocks: activations, initialization, reshapes, chains, minibatch standard deviation."""

import math
from collections.abc import Callable
from functools import partial
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor, nn
from torch.nn.functional import leaky_relu

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from .norms import Norm, none


class PiecewiseReLU(nn.Module):
    """x above zero and negative_slope * x below: ReLU and LeakyReLU, with equal values and derivatives.

    Computed as a product with a constant: when a penalty differentiates a critic's gradient again, the way back
    through the scores, whose second derivatives are all zero, is skipped.
    """

    def __init__(self, negative_slope: float = 0.0):
        super().__init__()
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Elementwise: the shape of x."""
        if not x.requires_grad:
            return leaky_relu(x, self.negative_slope)
        with torch.no_grad():
            derivative = torch.ops.aten.leaky_relu_backward(torch.ones_like(x), x, self.negative_slope, False)
        return x * derivative


ACTIVATIONS = Catalogue(
    "activation", relu=PiecewiseReLU, leaky_relu=partial(PiecewiseReLU, 0.2), silu=nn.SiLU, tanh=nn.Tanh, elu=nn.ELU
)


class Chain(nn.Sequential):
    """Layers in sequence; one whose `takes_condition` is true also receives the condition."""

    takes_condition = True

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """x (B, ...) and its condition (B, C)? through every layer."""
        for layer in self:
            x = layer(x, y) if getattr(layer, "takes_condition", False) else layer(x)
        return x


class Residual(nn.Module):
    """The sum of a short and a long branch."""

    takes_condition = True

    def __init__(self, short: Chain, long: Chain):
        super().__init__()
        self.short, self.long = short, long

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, ...) and (B, C)?, the same to both branches."""
        return self.short(x, y) + self.long(x, y)


Layers = TypeVar("Layers", bound=nn.Module)


class ToFeatureMap(nn.Module):
    """(B, H * W * C) -> (B, C, H, W), without a copy."""

    def __init__(self, channels: int, height: int, width: int):
        super().__init__()
        self.size = height, width, channels

    def forward(self, x: Tensor) -> Tensor:
        return x.unflatten(1, self.size).permute(0, 3, 1, 2)


class ToVector(nn.Module):
    """(B, C, H, W) -> (B, H * W * C), without a copy."""

    def forward(self, x: Tensor) -> Tensor:
        return x.permute(0, 2, 3, 1).flatten(1)


def channels_last(layers: Layers) -> Layers:
    """The same layers with their weights in this memory format, which their outputs then have."""
    return layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


_EPSILON = 1e-8  # under the root, so that equal samples have a gradient: as Karras et al. 2018


class MinibatchStd(nn.Module):
    """The standard deviation in groups of a batch, averaged over all features, as one more (Karras et al. 2018).

    Neighbors in the batch form groups of `group`, or of the largest divisor of the batch size below it.
    """

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def forward(self, h: Tensor) -> Tensor:
        """(B, F, ...) -> (B, F + 1, ...)."""
        size = next(size for size in range(min(self.group, len(h)), 0, -1) if len(h) % size == 0)
        groups = h.flatten(1).unflatten(0, (-1, size))
        std = (groups.var(dim=1, correction=0) + _EPSILON).sqrt().mean(dim=1)
        feature = std.repeat_interleave(size).view(-1, *[1] * (h.ndim - 1))
        return torch.cat([h, feature.expand(-1, 1, *h.shape[2:])], dim=1)


def minibatch_std_layers(group: int) -> list[nn.Module]:
    """The layer for groups of this size, which adds a feature; none for 0. Raises Refusal for 1."""
    if group == 1 or group < 0:
        raise Refusal(f"minibatch_std is {group}: a group has at least 2 samples; 0 means none.")
    return [MinibatchStd(group)] if group else []


Layer = nn.Linear | nn.Conv2d | nn.ConvTranspose2d


def normal(layer: Layer) -> Layer:
    """Normal with standard deviation 0.02 in every layer (DCGAN, Radford et al. 2016)."""
    return _normal(layer, 0.02)


def he(layer: Layer) -> Layer:
    """Normal with variance 2 / inputs: keeps the scale through ReLUs (He et al. 2015)."""
    return _normal(layer, math.sqrt(2 / _inputs(layer)))


def lecun(layer: Layer) -> Layer:
    """Normal with variance 1 / inputs: keeps the scale through linear layers (LeCun et al. 1998)."""
    return _normal(layer, math.sqrt(1 / _inputs(layer)))


def glorot(layer: Layer) -> Layer:
    """Uniform with variance 2 / (inputs + outputs), the same scale forwards and backwards (Glorot and Bengio 2010)."""
    nn.init.xavier_uniform_(layer.weight)
    return _zero_bias(layer)


INITIALIZATIONS = Catalogue.of("initialization", normal, he, lecun, glorot)


def _normal(layer: Layer, std: float) -> Layer:
    nn.init.normal_(layer.weight, std=std)
    return _zero_bias(layer)


def _zero_bias(layer: Layer) -> Layer:
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


def _inputs(layer: Layer) -> float:
    """The number of products per output."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    products = layer.in_channels * math.prod(layer.kernel_size)
    return products / math.prod(layer.stride) if isinstance(layer, nn.ConvTranspose2d) else products


class Style(NamedTuple):
    """Norm, initialization and activation of the layers of a network."""

    norm: Norm
    initialize: Callable[[Layer], Layer]
    activation: Callable[[], nn.Module]

    def linear(self, inputs: int, outputs: int, bias: bool = True) -> nn.Module:
        """A fully connected layer, with its wrapper."""
        return self.norm.around(self.initialize(nn.Linear(inputs, outputs, bias=bias)))


class Joint(nn.Module):
    """A hidden layer on an image's features and a latent, which first goes through a tower of its own.

    So scores are not a sum of one term for the image and one for the latent (as in Dumoulin et al. 2017).
    """

    def __init__(self, tower: Chain, mixed: Chain):
        super().__init__()
        self.tower, self.mixed = tower, mixed

    def forward(self, features: Tensor, z: Tensor, y: Tensor | None) -> Tensor:
        """(B, F), (B, Z) and (B, C)? -> (B, F)."""
        return self.mixed(torch.cat([features, self.tower(z.flatten(1))], dim=1), y)


def dense_layer(inputs: int, units: int, style: Style) -> list[nn.Module]:
    """A hidden layer with its norm and activation."""
    style = style._replace(norm=none()) if style.norm.pixels else style
    return [style.linear(inputs, units, style.norm.bias), style.norm.after(units, False), style.activation()]


def joint_layer(second_view: int, units: int, style: Style) -> Joint | None:
    """For a second view of this many numbers, with as many `units` as an image has features; none for 0.

    Like an image's first layer the tower has no norm, so its initialization must keep the scale by itself.
    """
    if not second_view:
        return None
    tower = [style.norm.around(he(nn.Linear(second_view, units))), style.activation()]
    return Joint(Chain(*tower), Chain(*dense_layer(2 * units, units, style)))
