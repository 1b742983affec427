"""Strided convolutions all the way (Radford et al. 2016), for images of any size from 8 to 128 pixels a side.

The paper's kernels are 5 x 5. Ours are 4 x 4: a multiple of the stride covers all pixels equally often.
"""

from collections.abc import Callable
from itertools import pairwise
from math import prod

from torch import nn

from .activations import ACTIVATIONS
from .chains import Chain
from .checks import at_least
from .conditioning import told
from .initializations import INITIALIZATIONS, Layer
from .layouts import ToMap, ToVector, channels_last
from .minibatch import deviations
from .norms import NORMS, Norm
from .pyramid import pyramid
from .resampling import UPSAMPLINGS, Crop, Even
from .roles import Generator, critic_of

_WIDEST = 8  # times `width`: the paper's 1024 channels over 128


def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    outlet: nn.Module,
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
    tells = told("generator", conditioning, condition)
    sizes, slot, entrance = pyramid("dcgan", shape), tells.slot(NORMS[norm]()), tells.entrance(latent)
    init, up, bend = _start(initialization, slot), UPSAMPLINGS[upsample], ACTIVATIONS[activation]
    channels = [shape[0], *_channels(width, len(sizes) - 1)]
    layers, units = _hidden(hidden, latent + entrance.extra, slot, init, bend)
    project = init(nn.Linear(units, channels[-1] * prod(sizes[-1]), bias=slot.bias))
    layers += [slot.around(project), ToMap(channels[-1], *sizes[-1]), slot.after(channels[-1], True), bend()]
    for into, size in reversed(list(enumerate(sizes[:-1]))):
        layer = init(up(channels[into + 1], channels[into], bias=slot.bias or into == 0))
        layers += [slot.around(layer), Crop(*size)]
        layers += [slot.after(channels[into], True), bend()] if into else []
    return Generator(entrance, channels_last(Chain(*layers)), outlet)


def critic(
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
    minibatch_std: int = 0,
) -> nn.Module:
    """DCGAN's discriminator: half the size at each layer, then one linear score (Radford et al. 2016).

    `width` counts the channels of the widest map, the image's neighbour; they double towards the seed, up to 8 times
    `width`. The first layer has no norm. `hidden` is units of a fully connected layer before the score, 0 for none
    (Chen et al. 2016 have one for digits). Initialization: the paper's, normal; he where no norm restores scales.
    """
    tells, seen = told("critic", conditioning, condition), deviations(minibatch_std)
    sizes, slot, entrance = pyramid("dcgan", shape), tells.slot(NORMS[norm]()), tells.entrance(*shape)
    init, bend = _start(initialization, slot), ACTIVATIONS[activation]
    channels = [shape[0] + entrance.extra, *_channels(width, len(sizes) - 1)]
    layers: list[nn.Module] = []
    for i, (before, after) in enumerate(pairwise(channels)):
        crowd = seen if i == len(channels) - 2 else []
        layer = init(nn.Conv2d(before + len(crowd), after, 4, stride=2, padding=1, bias=slot.bias or i == 0))
        layers += [*crowd, Even(), slot.around(layer), *([slot.after(after, True)] if i else []), bend()]
    connected, units = _hidden(hidden, channels[-1] * prod(sizes[-1]), slot, init, bend)
    trunk = channels_last(Chain(*layers, ToVector(), *connected))

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return slot.around(init(nn.Linear(units, outputs, bias=bias)))

    return critic_of(tells, entrance, trunk, linear)


def _hidden(
    units: int, before: int, slot: Norm, init: Callable[[Layer], Layer], bend: Callable[[], nn.Module]
) -> tuple[list[nn.Module], int]:
    """A fully connected layer if it has units, and how many numbers come out."""
    at_least(0, "dcgan", hidden=units)
    if units == 0:
        return [], before
    slot = NORMS["none"]() if slot.pixels else slot
    return [slot.around(init(nn.Linear(before, units, bias=slot.bias))), slot.after(units, False), bend()], units


def _start(initialization: str | None, slot: Norm) -> Callable[[Layer], Layer]:
    return INITIALIZATIONS[initialization or ("normal" if slot.rescales else "he")]


def _channels(width: int, stages: int) -> list[int]:
    """From the image's neighbour to the seed."""
    at_least(1, "dcgan", width=width)
    return [width * min(2**stage, _WIDEST) for stage in range(stages)]
