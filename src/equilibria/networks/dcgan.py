"""Strided convolutions (Radford et al. 2016), for images of 8 to 128 pixels a side.

The paper's kernels are 5 x 5. Ours are 4 x 4: a multiple of the stride covers all pixels equally often.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from math import prod

from torch import nn

from ..core.catalogue import with_fields
from ..core.errors import at_least
from ..core.types import Shape
from . import blocks
from .blocks import ACTIVATIONS, INITIALIZATIONS, Chain, Style, dense_layer
from .conditioning import ConditioningStack, InputLayer, conditioning_stack
from .norms import NORMS
from .resampling import UPSAMPLINGS, Crop, PadToEven, pyramid
from .roles import Encoder, Generator, build_critic

_WIDEST = 8  # times `width`: the paper's 1024 channels over 128
_PAIRED = 256  # units of the fully connected layer of a critic of pairs; our choice


@dataclass(frozen=True)
class DCGANLayers:
    """The options that these networks share."""

    width: int = 32
    hidden: int = 0
    norm: str = "batch"
    activation: str = "leaky_relu"
    initialization: str | None = None
    conditioning: str = "concat"

    def style(self, stack: ConditioningStack) -> Style:
        """Norm, initialization and activation: the norm is conditioned by the stack."""
        norm = stack.norm(NORMS[self.norm]())
        initialize = INITIALIZATIONS[self.initialization or ("normal" if norm.rescales else "he")]
        return Style(norm, initialize, ACTIVATIONS[self.activation])

    def channels(self, stages: int) -> list[int]:
        """From the image to the seed."""
        at_least(1, "The network 'dcgan'", width=self.width)
        return [self.width * min(2**stage, _WIDEST) for stage in range(stages)]

    def dense(self, inputs: int, style: Style) -> tuple[list[nn.Module], int]:
        """A fully connected layer if it has units, and the size of the output."""
        at_least(0, "The network 'dcgan'", hidden=self.hidden)
        return (dense_layer(inputs, self.hidden, style), self.hidden) if self.hidden else ([], inputs)

    def trunk(
        self, shape: Shape, stack: ConditioningStack, style: Style, extra: Sequence[nn.Module] = ()
    ) -> tuple[InputLayer, Chain, int]:
        """From images to vectors, and their size; each of `extra` adds a channel before the last convolution."""
        sizes, input_layer, norm = pyramid("dcgan", shape), stack.input_layer(*shape), style.norm
        channels = [shape[0] + input_layer.extra, *self.channels(len(sizes) - 1)]
        layers: list[nn.Module] = []
        for i, (inputs, outputs) in enumerate(pairwise(channels)):
            added = extra if i == len(channels) - 2 else ()
            conv = nn.Conv2d(inputs + len(added), outputs, 4, stride=2, padding=1, bias=norm.bias or i == 0)
            layers += [*added, PadToEven(), norm.around(style.initialize(conv))]
            layers += [*([norm.after(outputs, True)] if i else []), style.activation()]
        dense, units = self.dense(channels[-1] * prod(sizes[-1]), style)
        return input_layer, blocks.channels_last(Chain(*layers, blocks.ToVector(), *dense)), units


@with_fields(layers=DCGANLayers(activation="relu"))
def generator(
    shape: Shape,
    latent: int,
    condition: int,
    output_activation: nn.Module,
    *,
    layers: DCGANLayers,
    upsample: str = "transposed",
) -> nn.Module:
    """DCGAN's generator: from a projected seed, twice the size at each layer (Radford et al. 2016).

    `width` is the number of channels next to the image; they double towards the seed, up to 8 times `width`. The
    paper has 128; 32, for processors, is our choice. `hidden` is units of a fully connected layer before the seed, 0
    for none (Chen et al. 2016 have one for digits). Initialization: the paper's, normal; he without a norm that
    rescales.
    """
    stack = conditioning_stack("generator", layers.conditioning, condition)
    style, sizes, up = layers.style(stack), pyramid("dcgan", shape), UPSAMPLINGS[upsample]
    input_layer, channels = stack.input_layer(latent), [shape[0], *layers.channels(len(sizes) - 1)]
    chain, units = layers.dense(latent + input_layer.extra, style)
    project = style.linear(units, channels[-1] * prod(sizes[-1]), style.norm.bias)
    chain += [project, blocks.ToFeatureMap(channels[-1], *sizes[-1])]
    chain += [style.norm.after(channels[-1], True), style.activation()]
    for into, size in reversed(list(enumerate(sizes[:-1]))):
        layer = style.initialize(up(channels[into + 1], channels[into], bias=style.norm.bias or into == 0))
        chain += [style.norm.around(layer), Crop(*size)]
        chain += [style.norm.after(channels[into], True), style.activation()] if into else []
    return Generator(input_layer, blocks.channels_last(Chain(*chain)), output_activation)


@with_fields(layers=DCGANLayers())
def critic(
    shape: Shape,
    latent: int,
    condition: int,
    second_view: int = 0,
    supervised: int = 0,
    *,
    layers: DCGANLayers,
    minibatch_std: int = 0,
) -> nn.Module:
    """DCGAN's discriminator: half the size at each layer, then one linear score (Radford et al. 2016).

    `width` is the number of channels next to the image; they double towards the seed, up to 8 times `width`. The first
    layer has no norm. `hidden` is units of a fully connected layer before the score, 0 for none (Chen et al. 2016 have
    one for digits); a critic of pairs, with `second_view` numbers in the second, has 256 then. Initialization: the
    paper's, normal; he without a norm that rescales.
    """
    stack = conditioning_stack("critic", layers.conditioning, condition)
    extra, style = blocks.minibatch_std_layers(minibatch_std), layers.style(stack)
    layers = replace(layers, hidden=layers.hidden or (_PAIRED if second_view else 0))
    input_layer, trunk, units = layers.trunk(shape, stack, style, extra)
    joint = blocks.joint_layer(second_view, units, style)
    return build_critic(stack, input_layer, trunk, partial(style.linear, units), supervised, joint)


@with_fields(layers=DCGANLayers())
def encoder(shape: Shape, latent: int, condition: int, *, layers: DCGANLayers, posterior: str = "gaussian") -> Encoder:
    """DCGAN's discriminator up to its features, then one linear layer (after Radford et al. 2016).

    `width` is the number of channels next to the image; `hidden` is units of a fully connected layer before the last,
    0 for none.
    """
    stack = conditioning_stack("encoder", layers.conditioning, condition)
    input_layer, trunk, units = layers.trunk(shape, stack, layers.style(stack))
    return Encoder(input_layer, trunk, units, latent, posterior)
