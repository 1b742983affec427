"""The residual networks of WGAN-GP (Gulrajani et al. 2017), for images of 8 to 128 pixels a side."""

from collections.abc import Sequence
from functools import partial
from math import prod

from torch import nn

from ..core.errors import at_least
from . import blocks
from .blocks import Chain, PiecewiseReLU, Residual, Style, he, lecun
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS, Norm
from .resampling import UPSAMPLINGS, Crop, DownConv, PadToEven, pyramid
from .roles import Encoder, Generator, build_critic


def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    output_activation: nn.Module,
    *,
    width: int = 64,
    norm: str = "batch",
    upsample: str = "nearest",
    conditioning: str = "concat",
) -> nn.Module:
    """WGAN-GP's residual generator: blocks that double the size of a projected seed (Gulrajani et al. 2017).

    `width` is the number of channels of all layers; the paper has 128 for 32 x 32 pixels, 64 is our choice.
    """
    at_least(1, "The network 'residual'", width=width)
    stack = conditioning_stack("generator", conditioning, condition)
    sizes, norms, input_layer = pyramid("residual", shape), stack.norm(NORMS[norm]()), stack.input_layer(latent)
    project = lecun(nn.Linear(latent + input_layer.extra, width * prod(sizes[-1])))
    layers = [norms.around(project), blocks.ToFeatureMap(width, *sizes[-1])]
    layers += [_up(width, size, norms, upsample) for size in reversed(sizes[:-1])]
    layers += [*_normed(width, norms), norms.around(lecun(nn.Conv2d(width, shape[0], 3, padding=1)))]
    return Generator(input_layer, blocks.channels_last(Chain(*layers)), output_activation)


def critic(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    width: int = 64,
    flat: int = 2,
    norm: str = "none",
    conditioning: str = "concat",
    minibatch_std: int = 0,
) -> nn.Module:
    """WGAN-GP's residual critic: blocks that halve the size, then the mean over pixels (Gulrajani et al. 2017).

    `flat` is the number of last blocks that keep the size (2 in the paper). `width` channels everywhere; the paper
    has 128 for 32 x 32 pixels, 64 is our choice. A second view of `second_view` numbers joins the mean.
    """
    stack, extra = conditioning_stack("critic", conditioning, condition), blocks.minibatch_std_layers(minibatch_std)
    norms = stack.norm(NORMS[norm]())
    input_layer, trunk = _trunk(shape, width, flat, stack, norms, extra)
    linear = partial(Style(norms, lecun, PiecewiseReLU).linear, width)
    joint = blocks.joint_layer(second_view, width, Style(norms, he, PiecewiseReLU))
    return build_critic(stack, input_layer, trunk, linear, supervised, joint)


def encoder(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    *,
    width: int = 64,
    flat: int = 2,
    norm: str = "batch",
    conditioning: str = "concat",
    posterior: str = "gaussian",
) -> Encoder:
    """WGAN-GP's residual critic up to its mean over pixels, then one linear layer (after Gulrajani et al. 2017).

    `flat` is the number of last blocks that keep the size. Other options are those of the critic; the norm is the
    generator's.
    """
    stack = conditioning_stack("encoder", conditioning, condition)
    input_layer, trunk = _trunk(shape, width, flat, stack, stack.norm(NORMS[norm]()))
    return Encoder(input_layer, trunk, width, latent, posterior)


def _trunk(
    shape: tuple[int, ...],
    width: int,
    flat: int,
    stack: ConditioningStack,
    norm: Norm,
    extra: Sequence[nn.Module] = (),
) -> tuple[InputLayer, Chain]:
    """From images to vectors of this width; each of `extra` adds a channel before the last halving block."""
    at_least(1, "The network 'residual'", width=width)
    at_least(0, "The network 'residual'", flat=flat)
    stages, input_layer = len(pyramid("residual", shape)) - 1, stack.input_layer(*shape)
    layers = [_first(shape[0] + input_layer.extra, width, norm)]
    layers += [_down(width, width, norm) for _ in range(stages - 2)]
    layers += [*extra, _down(width + len(extra), width, norm)]
    layers += [_flat(width, norm) for _ in range(flat)]
    layers += [PiecewiseReLU(), nn.AdaptiveAvgPool2d(1), blocks.ToVector()]
    return input_layer, blocks.channels_last(Chain(*layers))


def _up(width: int, size: tuple[int, int], norm: Norm, upsample: str) -> nn.Module:
    """Twice the size. In the short branch the pointwise layer precedes repetition: equal, at a quarter of the cost."""
    double = norm.around(he(UPSAMPLINGS[upsample](width, width, bias=norm.bias)))
    short = [_pointwise(width, width, norm, norm.bias), nn.Upsample(scale_factor=2), Crop(*size)]
    long = [*_normed(width, norm), double, Crop(*size), *_normed(width, norm), _conv(width, width, norm, norm.bias)]
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
