"""The residual networks of WGAN-GP (Gulrajani et al. 2017), for images of 8 to 256 pixels a side."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import prod

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d
from torch.utils.checkpoint import checkpoint

from ..core.catalogue import with_fields
from ..core.errors import Refusal, at_least
from . import blocks
from .blocks import Chain, PiecewiseReLU, Residual, Style, he, lecun
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS, Norm
from .resampling import UPSAMPLINGS, Crop, DownConv, PadToEven, pyramid
from .roles import Encoder, Generator, build_critic

_LARGEST = 256  # pixels a side


@dataclass(frozen=True)
class ResidualLayers:
    """The options that these networks share."""

    width: int = 64
    growth: int = 1
    attention: int = 0
    recompute: bool = False
    norm: str = "batch"
    conditioning: str = "concat"

    def sizes(self, shape: tuple[int, ...]) -> tuple[list[tuple[int, int]], list[int]]:
        """From the image to the seed, and channels. Raises Refusal for attention where there is no feature map."""
        at_least(1, "The network 'residual'", width=self.width, growth=self.growth)
        sizes = pyramid("residual", shape, _LARGEST)
        sides = [max(size) for size in sizes[1:-1]]
        if self.attention and self.attention not in sides:
            feature_maps = f"feature maps between image and seed have {', '.join(map(str, sides))} pixels a side"
            raise Refusal(f"attention is {self.attention}: {feature_maps}; 0 is none.")
        return sizes, [self.width * min(2**stage, self.growth) for stage in range(len(sizes))]

    def block(self, layers: nn.Module, size: tuple[int, int], channels: int, norm: Norm) -> list[nn.Module]:
        """A block, and self-attention at its size; activations are computed again in the backward pass if so chosen."""
        attention = [Attention(channels, norm)] if max(size) == self.attention else []
        return [Recomputation(layers) if self.recompute else layers, *attention]

    def trunk(
        self, shape: tuple[int, ...], flat: int, stack: ConditioningStack, norm: Norm, extra: Sequence[nn.Module] = ()
    ) -> tuple[InputLayer, Chain, int]:
        """From images to vectors, and their size; each of `extra` adds a channel before the last halving block."""
        at_least(0, "The network 'residual'", flat=flat)
        (sizes, channels), input_layer = self.sizes(shape), stack.input_layer(*shape)
        layers = self.block(_first(shape[0] + input_layer.extra, channels[0], norm), sizes[1], channels[0], norm)
        for stage, (inputs, outputs) in enumerate(pairwise(channels[:-1]), start=2):
            added = extra if stage == len(sizes) - 1 else ()
            layers += [*added, *self.block(_down(inputs + len(added), outputs, norm), sizes[stage], outputs, norm)]
        layers += [_flat(channels[-2], norm) for _ in range(flat)]
        layers += [PiecewiseReLU(), nn.AdaptiveAvgPool2d(1), blocks.ToVector()]
        return input_layer, blocks.channels_last(Chain(*layers)), channels[-2]


@with_fields(layers=ResidualLayers())
def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    output_activation: nn.Module,
    *,
    layers: ResidualLayers,
    upsample: str = "nearest",
) -> nn.Module:
    """WGAN-GP's residual generator: blocks that double the size of a projected seed (Gulrajani et al. 2017).

    The paper has one width, 128 for 32 x 32 pixels; 64 is our choice. Attention is that of Zhang et al. 2019.
    """
    stack = conditioning_stack("generator", layers.conditioning, condition)
    (sizes, channels), norms = layers.sizes(shape), stack.norm(NORMS[layers.norm]())
    input_layer = stack.input_layer(latent)
    project = lecun(nn.Linear(latent + input_layer.extra, channels[-1] * prod(sizes[-1])))
    chain = [norms.around(project), blocks.ToFeatureMap(channels[-1], *sizes[-1])]
    for stage in reversed(range(len(sizes) - 1)):
        up = _up(channels[stage + 1], channels[stage], sizes[stage], norms, upsample)
        chain += layers.block(up, sizes[stage], channels[stage], norms)
    chain += [*_normed(channels[0], norms), norms.around(lecun(nn.Conv2d(channels[0], shape[0], 3, padding=1)))]
    return Generator(input_layer, blocks.channels_last(Chain(*chain)), output_activation)


@with_fields(layers=ResidualLayers(norm="none"))
def critic(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    layers: ResidualLayers,
    flat: int = 2,
    minibatch_std: int = 0,
) -> nn.Module:
    """WGAN-GP's residual critic: blocks that halve the size, then the mean over pixels (Gulrajani et al. 2017).

    `flat` is the number of last blocks that keep the size (2 in the paper). The paper has one width, 128 for 32 x 32
    pixels; 64 is our choice. Attention is that of Zhang et al. 2019. A second view of `second_view` numbers joins the
    mean.
    """
    stack = conditioning_stack("critic", layers.conditioning, condition)
    extra, norms = blocks.minibatch_std_layers(minibatch_std), stack.norm(NORMS[layers.norm]())
    input_layer, trunk, units = layers.trunk(shape, flat, stack, norms, extra)
    linear = partial(Style(norms, lecun, PiecewiseReLU).linear, units)
    joint = blocks.joint_layer(second_view, units, Style(norms, he, PiecewiseReLU))
    return build_critic(stack, input_layer, trunk, linear, supervised, joint)


@with_fields(layers=ResidualLayers())
def encoder(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    *,
    layers: ResidualLayers,
    flat: int = 2,
    posterior: str = "gaussian",
) -> Encoder:
    """WGAN-GP's residual critic up to its mean over pixels, then one linear layer (after Gulrajani et al. 2017).

    `flat` is the number of last blocks that keep the size. Other options are those of the critic; the norm is the
    generator's.
    """
    stack = conditioning_stack("encoder", layers.conditioning, condition)
    input_layer, trunk, units = layers.trunk(shape, flat, stack, stack.norm(NORMS[layers.norm]()))
    return Encoder(input_layer, trunk, units, latent, posterior)


class Attention(nn.Module):
    """Self-attention between the places of a feature map, added with a weight that starts at 0 (Zhang et al. 2019).

    Keys and values are pooled by two, as in the authors' code.
    """

    def __init__(self, channels: int, norm: Norm):
        super().__init__()
        keys, values = max(channels // 8, 1), max(channels // 2, 1)
        self.query, self.key = (_pointwise(channels, keys, norm, bias=False) for _ in range(2))
        self.value, self.output = _pointwise(channels, values, norm, bias=False), _pointwise(values, channels, norm)
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, h: Tensor) -> Tensor:
        """(B, F, H, W) -> (B, F, H, W)."""
        query = self.query(h).flatten(2)  # (B, K, N)
        key, value = (max_pool2d(layer(h), 2, ceil_mode=True).flatten(2) for layer in (self.key, self.value))
        share = (query.transpose(1, 2) @ key).softmax(dim=2)  # (B, N, N'), of every place in the value of one
        attended = (value @ share.transpose(1, 2)).unflatten(2, h.shape[2:])
        return h + self.weight * self.output(attended)


class Recomputation(nn.Module):
    """Layers whose activations are computed again in the backward pass instead of being stored (Chen et al. 2016)."""

    takes_condition = True

    def __init__(self, layers: nn.Module):
        super().__init__()
        self.layers = layers

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, ...) and (B, C)?, as the layers."""
        if not (self.training and torch.is_grad_enabled()):
            return self.layers(x, y)
        return checkpoint(self.layers, x, y, use_reentrant=False, preserve_rng_state=False)


def _up(inputs: int, width: int, size: tuple[int, int], norm: Norm, upsample: str) -> nn.Module:
    """Twice the size. In the short branch the pointwise layer precedes repetition: equal, at a quarter of the cost."""
    double = norm.around(he(UPSAMPLINGS[upsample](inputs, width, bias=norm.bias)))
    short = [_pointwise(inputs, width, norm, norm.bias), nn.Upsample(scale_factor=2), Crop(*size)]
    long = [*_normed(inputs, norm), double, Crop(*size), *_normed(width, norm), _conv(width, width, norm, norm.bias)]
    return Residual(Chain(*short), Chain(*long))


def _first(channels: int, width: int, norm: Norm) -> nn.Module:
    """Half the size, from the image: without norms, and without an activation before the first layer."""
    short = [nn.AvgPool2d(2), _pointwise(channels, width, norm)]
    long = [_conv(channels, width, norm), PiecewiseReLU(), norm.around(he(DownConv(width, width)))]
    return Chain(PadToEven(), Residual(Chain(*short), Chain(*long)))


def _down(channels: int, width: int, norm: Norm) -> nn.Module:
    """Half the size. In the short branch pooling precedes the pointwise layer: equal, at a quarter of the cost."""
    short = [nn.AvgPool2d(2), _pointwise(channels, width, norm)]
    long = [*_normed(channels, norm), _conv(channels, width, norm, norm.bias), *_normed(width, norm)]
    return Chain(PadToEven(), Residual(Chain(*short), Chain(*long, norm.around(he(DownConv(width, width))))))


def _flat(width: int, norm: Norm) -> nn.Module:
    """The same size."""
    long = [*_normed(width, norm), _conv(width, width, norm, norm.bias), *_normed(width, norm)]
    return Residual(Chain(), Chain(*long, _conv(width, width, norm)))


def _normed(width: int, norm: Norm) -> list[nn.Module]:
    """A norm and an activation."""
    return [norm.after(width, True), PiecewiseReLU()]


def _conv(channels: int, width: int, norm: Norm, bias: bool = True) -> nn.Module:
    return norm.around(he(nn.Conv2d(channels, width, 3, padding=1, bias=bias)))


def _pointwise(channels: int, width: int, norm: Norm, bias: bool = True) -> nn.Module:
    return norm.around(lecun(nn.Conv2d(channels, width, 1, bias=bias)))
