"""Fully connected networks, for points and small images."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from ..core.errors import Refusal
from .activations import ACTIVATIONS
from .chains import Chain
from .conditioning import Told, told
from .minibatch import deviations
from .norms import NORMS
from .roles import Generator, critic_of


def generator(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    outlet: nn.Module,
    *,
    width: int = 128,
    depth: int = 3,
    widths: tuple[int, ...] | None = None,
    norm: str = "none",
    skip_first_norm: bool = False,
    activation: str = "relu",
    conditioning: str = "concat",
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says.

    The generator of the first GANs on 28 x 28 digits is widths 128, 256, 512, 1024, norm batch from the second hidden
    layer on (skip_first_norm), activation leaky_relu.
    """
    hidden = _widths(width, depth, widths)
    norms = ["none" if skip_first_norm and i == 0 else norm for i in range(len(hidden))]
    last, tells = NORMS[norm]().around(nn.Linear(hidden[-1], prod(shape))), told("generator", conditioning, condition)
    entrance = tells.entrance(latent)
    layers = _stack((latent + entrance.extra, *hidden), norms, activation, tells)
    return Generator(entrance, Chain(*layers, last, nn.Unflatten(1, shape)), outlet)


def critic(
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    *,
    width: int = 128,
    depth: int = 3,
    widths: tuple[int, ...] | None = None,
    norm: str = "none",
    activation: str = "leaky_relu",
    conditioning: str = "concat",
    minibatch_std: int = 0,
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says."""
    hidden, slot = _widths(width, depth, widths), NORMS[norm]()
    tells = told("critic", conditioning, condition)
    entrance = tells.entrance(prod(shape))
    stacked = (prod(shape) + entrance.extra, *hidden)
    trunk = _stack(stacked, [norm] * len(hidden), activation, tells, deviations(minibatch_std))

    def linear(outputs: int, bias: bool = True) -> nn.Module:
        return slot.around(nn.Linear(hidden[-1], outputs, bias=bias))

    return critic_of(tells, entrance, Chain(*trunk), linear)


def _stack(
    widths: Sequence[int], norms: Sequence[str], activation: str, tells: Told, seen: Sequence[nn.Module] = ()
) -> list[nn.Module]:
    """Layer, norm, activation, as often as there are norms; the last is `seen`'s too, each of which adds a feature."""
    bend, layers = ACTIVATIONS[activation], list[nn.Module]()
    for i, ((before, after), name) in enumerate(zip(pairwise(widths), norms, strict=True), start=1):
        norm = tells.slot(NORMS[name]())
        if i == len(norms):
            layers, before = [*layers, *seen], before + len(seen)
        layers += [norm.around(nn.Linear(before, after, bias=norm.bias)), norm.after(after, False), bend()]
    return layers


def _widths(width: int, depth: int, widths: Sequence[int] | None) -> tuple[int, ...]:
    hidden = (width,) * depth if widths is None else tuple(widths)
    if not hidden or min(hidden) < 1:
        raise Refusal(
            f"A dense network has hidden layers {list(hidden)}: at least one is needed, each of width 1 or more."
        )
    return hidden
