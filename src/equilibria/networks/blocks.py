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
    relu=PiecewiseReLU,
    leaky_relu=partial(PiecewiseReLU, 0.2),
    silu=nn.SiLU,
    tanh=nn.Tanh,
    elu=nn.ELU,
)


class Chain(nn.Sequential):
    """Layers one after another; a layer whose `listens` is true is told the condition too."""

    listens = True

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """x (B, ...) and its condition (B, C)? through every layer."""
        for layer in self:
            x = layer(x, y) if getattr(layer, "listens", False) else layer(x)
        return x


class Residual(nn.Module):
    """The sum of a short way and a long one."""

    listens = True

    def __init__(self, short: Chain, long: Chain):
        super().__init__()
        self.short, self.long = short, long

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, ...) and (B, C)?, the same to both ways."""
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
    """The same layers, with their weights in that layout; maps follow."""
    return layers.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


_FLOOR = 1e-8  # beneath the root, so that equal samples have a slope: Karras et al. 2018 have the same


class MinibatchStd(nn.Module):
    """The deviation over groups of a batch, averaged over all features, as one more (Karras et al. 2018).

    Neighbours in the batch form groups of `group`, or of the largest divisor of the batch below it.
    """

    def __init__(self, group: int):
        super().__init__()
        self.group = group

    def forward(self, h: Tensor) -> Tensor:
        """(B, F, ...) -> (B, F + 1, ...)."""
        size = next(size for size in range(min(self.group, len(h)), 0, -1) if len(h) % size == 0)
        grouped = h.flatten(1).unflatten(0, (-1, size))
        deviation = (grouped.var(dim=1, correction=0) + _FLOOR).sqrt().mean(dim=1)
        feature = deviation.repeat_interleave(size).view(-1, *[1] * (h.ndim - 1))
        return torch.cat([h, feature.expand(-1, 1, *h.shape[2:])], dim=1)


def minibatch_std_layers(group: int) -> list[nn.Module]:
    """The layer for groups of this size, one feature more; none for 0."""
    if group == 1 or group < 0:
        raise Refusal(f"minibatch_std is {group}: a group has at least 2 samples; 0 means none.")
    return [MinibatchStd(group)] if group else []


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


class Style(NamedTuple):
    """How the layers of a network are made."""

    norm: Norm
    initialize: Callable[[Layer], Layer]  # an initialization
    activation: Callable[[], nn.Module]


class Joint(nn.Module):
    """A hidden layer of both an image's features and a latent, which goes through a tower of its own first.

    Scores of such a layer are no sum of one term for the image and one for the latent (Dumoulin et al. 2017 judge so).
    """

    def __init__(self, tower: Chain, mixed: Chain):
        super().__init__()
        self.tower, self.mixed = tower, mixed

    def forward(self, features: Tensor, z: Tensor, y: Tensor | None) -> Tensor:
        """(B, F), (B, Z) and (B, C)? -> (B, F)."""
        return self.mixed(torch.cat([features, self.tower(z.flatten(1))], dim=1), y)


def dense_layer(before: int, units: int, style: Style) -> list[nn.Module]:
    """A hidden layer."""
    norm = none() if style.norm.pixels else style.norm
    layer = norm.around(style.initialize(nn.Linear(before, units, bias=norm.bias)))
    return [layer, norm.after(units, False), style.activation()]


def joint_layer(second_view: int, units: int, style: Style) -> Joint | None:
    """For a second view of `second_view` numbers, and as many `units` as an image has features; none for 0.

    As an image's first layer the tower has no norm, so its weights start at a scale that needs none.
    """
    if not second_view:
        return None
    tower = [style.norm.around(he(nn.Linear(second_view, units))), style.activation()]
    return Joint(Chain(*tower), Chain(*dense_layer(2 * units, units, style)))
