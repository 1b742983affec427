"""The residual networks of WGAN-GP (Gulrajani et al. 2017), for images of any size from 8 to 128 pixels a side."""

from collections.abc import Sequence
from math import prod

from torch import nn

from ..core.errors import at_least
from .blocks import (
    Chain,
    PiecewiseReLU,
    Residual,
    Style,
    ToFeatureMap,
    ToVector,
    channels_last,
    he,
    joint_layer,
    lecun,
    minibatch_std_layers,
)
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS, Norm
from .resampling import UPSAMPLINGS, Crop, DownConv, PadToEven, pyramid
from .roles import Encoder, Generator, critic_of, encoder_of


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

    `width` channels everywhere; the paper has 128 for 32 x 32 pixels, 64 is our choice.
    """
    at_least(1, "residual", width=width)
    stack = conditioning_stack("generator", conditioning, condition)
    sizes, slot, input_layer = pyramid("residual", shape), stack.norm(NORMS[norm]()), stack.input_layer(latent)
    project = lecun(nn.Linear(latent + input_layer.extra, width * prod(sizes[-1])))
    seed = [slot.around(project), ToFeatureMap(width, *sizes[-1])]
    blocks = [_up(width, size, slot, upsample) for size in reversed(sizes[:-1])]
    last = [*_bent(width, slot), slot.around(lecun(nn.Conv2d(width, shape[0], 3, padding=1)))]
    return Generator(input_layer, channels_last(Chain(*seed, *blocks, *last)), output_activation)


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
    stack, crowd = conditioning_stack("critic", conditioning, condition), minibatch_std_layers(minibatch_std)
    slot = stack.norm(NORMS[norm]())
    input_layer, trunk = _trunk(shape, width, flat, stack, slot, crowd)

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return slot.around(lecun(nn.Linear(width, outputs, bias=bias)))

    return critic_of(
        stack,
        input_layer,
        trunk,
        linear,
        joint_layer(second_view, width, Style(slot, he, PiecewiseReLU)),
        supervised=supervised,
    )


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
    return encoder_of(input_layer, trunk, width, latent, posterior)


def _trunk(
    shape: tuple[int, ...], width: int, flat: int, stack: ConditioningStack, slot: Norm, crowd: Sequence[nn.Module] = ()
) -> tuple[InputLayer, Chain]:
    """From images to vectors of this width; the last block that halves the size sees the crowd."""
    at_least(1, "residual", width=width)
    at_least(0, "residual", flat=flat)
    stages, input_layer = len(pyramid("residual", shape)) - 1, stack.input_layer(*shape)
    halving = [
        _first(shape[0] + input_layer.extra, width, slot),
        *(_down(width, width, slot) for _ in range(stages - 2)),
    ]
    halving += [*crowd, _down(width + len(crowd), width, slot)]
    keeping = [_flat(width, slot) for _ in range(flat)]
    return input_layer, channels_last(Chain(*halving, *keeping, PiecewiseReLU(), nn.AdaptiveAvgPool2d(1), ToVector()))


def _up(width: int, size: tuple[int, int], slot: Norm, upsample: str) -> nn.Module:
    """Twice the size. On the short way the pointwise layer comes first: it commutes with repetition, at a quarter."""
    double = slot.around(he(UPSAMPLINGS[upsample](width, width, bias=slot.bias)))
    short = [_pointwise(width, width, slot, slot.bias), nn.Upsample(scale_factor=2), Crop(*size)]
    long = [*_bent(width, slot), double, Crop(*size), *_bent(width, slot), _conv(width, width, slot, slot.bias)]
    return Residual(Chain(*short), Chain(*long))


def _first(channels: int, width: int, slot: Norm) -> nn.Module:
    """Half the size, from the image: neither norms nor a bend before the first layer."""
    short = [nn.AvgPool2d(2), _pointwise(channels, width, slot)]
    long = [_conv(channels, width, slot), PiecewiseReLU(), slot.around(he(DownConv(width, width)))]
    return Chain(PadToEven(), Residual(Chain(*short), Chain(*long)))


def _down(before: int, width: int, slot: Norm) -> nn.Module:
    """Half the size. On the short way pooling comes first: it commutes with the pointwise layer, at a quarter."""
    short = [nn.AvgPool2d(2), _pointwise(before, width, slot)]
    bent = [*_bent(before, slot), _conv(before, width, slot, slot.bias), *_bent(width, slot)]
    long = [*bent, slot.around(he(DownConv(width, width)))]
    return Chain(PadToEven(), Residual(Chain(*short), Chain(*long)))


def _flat(width: int, slot: Norm) -> nn.Module:
    """The same size."""
    bent = [*_bent(width, slot), _conv(width, width, slot, slot.bias), *_bent(width, slot)]
    return Residual(Chain(), Chain(*bent, _conv(width, width, slot)))


def _bent(width: int, slot: Norm) -> list[nn.Module]:
    return [slot.after(width, True), PiecewiseReLU()]


def _conv(channels: int, width: int, slot: Norm, bias: bool = True) -> nn.Module:
    return slot.around(he(nn.Conv2d(channels, width, 3, padding=1, bias=bias)))


def _pointwise(channels: int, width: int, slot: Norm, bias: bool = True) -> nn.Module:
    return slot.around(lecun(nn.Conv2d(channels, width, 1, bias=bias)))
