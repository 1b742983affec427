"""Strided convolutions all the way (Radford et al. 2016), for images of any size from 8 to 128 pixels a side.

The paper's kernels are 5 x 5. Ours are 4 x 4: a multiple of the stride covers all pixels equally often.
"""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from ..core.errors import at_least
from .blocks import (
    ACTIVATIONS,
    INITIALIZATIONS,
    Chain,
    Style,
    ToFeatureMap,
    ToVector,
    channels_last,
    dense_layer,
    joint_layer,
    minibatch_std_layers,
)
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS
from .resampling import UPSAMPLINGS, Crop, PadToEven, pyramid
from .roles import Encoder, Generator, critic_of, encoder_of

_WIDEST = 8  # times `width`: the paper's 1024 channels over 128
_PAIRED = 256  # units of the connected layer where there must be one; our choice


def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    output_activation: nn.Module,
    *,
    width: int = 32,
    hidden: int = 0,
    norm: str = "batch",
    upsample: str = "transposed",
    activation: str = "relu",
    initialization: str | None = None,
    conditioning: str = "concat",
) -> nn.Module:
    """DCGAN's generator: from a projected seed, twice the size at each layer (Radford et al. 2016).

    `width` counts the channels of the widest map, the image's neighbour; they double towards the seed, up to 8 times
    `width`. The paper has 128; 32, for processors, is our choice. `hidden` is units of a fully connected layer before
    the seed, 0 for none (Chen et al. 2016 have one for digits). Initialization: the paper's, normal; he where no norm
    restores scales.
    """
    stack = conditioning_stack("generator", conditioning, condition)
    style, sizes, up = _style(stack, norm, activation, initialization), pyramid("dcgan", shape), UPSAMPLINGS[upsample]
    input_layer, channels = stack.input_layer(latent), [shape[0], *_channels(width, len(sizes) - 1)]
    layers, units = _hidden(hidden, latent + input_layer.extra, style)
    project = style.initialize(nn.Linear(units, channels[-1] * prod(sizes[-1]), bias=style.norm.bias))
    layers += [style.norm.around(project), ToFeatureMap(channels[-1], *sizes[-1])]
    layers += [style.norm.after(channels[-1], True), style.activation()]
    for into, size in reversed(list(enumerate(sizes[:-1]))):
        layer = style.initialize(up(channels[into + 1], channels[into], bias=style.norm.bias or into == 0))
        layers += [style.norm.around(layer), Crop(*size)]
        layers += [style.norm.after(channels[into], True), style.activation()] if into else []
    return Generator(input_layer, channels_last(Chain(*layers)), output_activation)


def critic(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    width: int = 32,
    hidden: int = 0,
    norm: str = "batch",
    activation: str = "leaky_relu",
    initialization: str | None = None,
    conditioning: str = "concat",
    minibatch_std: int = 0,
) -> nn.Module:
    """DCGAN's discriminator: half the size at each layer, then one linear score (Radford et al. 2016).

    `width` counts the channels of the widest map, the image's neighbour; they double towards the seed, up to 8 times
    `width`. The first layer has no norm. `hidden` is units of a fully connected layer before the score, 0 for none
    (Chen et al. 2016 have one for digits); a critic of pairs, with `second_view` numbers in the second, has 256 then.
    Initialization: the paper's, normal; he where no norm restores scales.
    """
    stack, crowd = conditioning_stack("critic", conditioning, condition), minibatch_std_layers(minibatch_std)
    style = _style(stack, norm, activation, initialization)
    input_layer, trunk, units = _trunk(shape, width, hidden or (_PAIRED if second_view else 0), stack, style, crowd)

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return style.norm.around(style.initialize(nn.Linear(units, outputs, bias=bias)))

    return critic_of(stack, input_layer, trunk, linear, joint_layer(second_view, units, style), supervised=supervised)


def encoder(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    *,
    width: int = 32,
    hidden: int = 0,
    norm: str = "batch",
    activation: str = "leaky_relu",
    initialization: str | None = None,
    conditioning: str = "concat",
    posterior: str = "gaussian",
) -> Encoder:
    """DCGAN's discriminator up to its features, then one linear layer (after Radford et al. 2016).

    Options are those of the critic: `width` counts the channels of the widest map, the image's neighbour; `hidden` is
    units of a fully connected layer before the last, 0 for none.
    """
    stack = conditioning_stack("encoder", conditioning, condition)
    style = _style(stack, norm, activation, initialization)
    input_layer, trunk, units = _trunk(shape, width, hidden, stack, style)
    return encoder_of(input_layer, trunk, units, latent, posterior)


def _trunk(
    shape: tuple[int, ...],
    width: int,
    hidden: int,
    stack: ConditioningStack,
    style: Style,
    crowd: Sequence[nn.Module] = (),
) -> tuple[InputLayer, Chain, int]:
    """From images to vectors, and how many numbers these have; the last convolution sees the crowd."""
    sizes, input_layer, norm = pyramid("dcgan", shape), stack.input_layer(*shape), style.norm
    channels = [shape[0] + input_layer.extra, *_channels(width, len(sizes) - 1)]
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(pairwise(channels)):
        seen = crowd if i == len(channels) - 2 else ()
        layer = style.initialize(nn.Conv2d(before + len(seen), after, 4, stride=2, padding=1, bias=norm.bias or i == 0))
        layers += [
            *seen,
            PadToEven(),
            norm.around(layer),
            *([norm.after(after, True)] if i else []),
            style.activation(),
        ]
    flat, units = _hidden(hidden, channels[-1] * prod(sizes[-1]), style)
    return input_layer, channels_last(Chain(*layers, ToVector(), *flat)), units


def _hidden(units: int, before: int, style: Style) -> tuple[list[nn.Module], int]:
    """A fully connected layer if it has units, and how many numbers come out."""
    at_least(0, "dcgan", hidden=units)
    return (dense_layer(before, units, style), units) if units else ([], before)


def _style(stack: ConditioningStack, norm: str, activation: str, initialization: str | None) -> Style:
    slot = stack.norm(NORMS[norm]())
    return Style(
        slot, INITIALIZATIONS[initialization or ("normal" if slot.rescales else "he")], ACTIVATIONS[activation]
    )


def _channels(width: int, stages: int) -> list[int]:
    """From the image's neighbour to the seed."""
    at_least(1, "dcgan", width=width)
    return [width * min(2**stage, _WIDEST) for stage in range(stages)]
