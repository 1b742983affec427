"""Fully connected networks, for points and small images."""

from collections.abc import Sequence
from itertools import pairwise
from math import prod

from torch import nn

from ..core.errors import Refusal
from .activations import ACTIVATIONS
from .norms import NORMS
from .roles import Generator, VectorCritic


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
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says.

    The generator of the first GANs on 28 x 28 digits is widths 128, 256, 512, 1024, norm batch from the second hidden
    layer on (skip_first_norm), activation leaky_relu.
    """
    hidden = _widths(width, depth, widths)
    norms = ["none" if skip_first_norm and i == 0 else norm for i in range(len(hidden))]
    last = NORMS[norm]().around(nn.Linear(hidden[-1], prod(shape)))
    layers = _stack((latent + condition, *hidden), norms, activation)
    return Generator(nn.Sequential(*layers, last, nn.Unflatten(1, shape)), outlet, condition)


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
) -> nn.Module:
    """Fully connected, for samples of any shape: `depth` hidden layers of `width` units, or as `widths` says."""
    hidden = _widths(width, depth, widths)
    trunk = _stack((prod(shape) + condition, *hidden), [norm] * len(hidden), activation)
    return VectorCritic(nn.Sequential(*trunk), NORMS[norm]().around(nn.Linear(hidden[-1], 1)), condition)


def _stack(widths: Sequence[int], norms: Sequence[str], activation: str) -> list[nn.Module]:
    """Layer, norm, activation, as often as there are norms."""
    bend, layers = ACTIVATIONS[activation], list[nn.Module]()
    for (before, after), name in zip(pairwise(widths), norms, strict=True):
        norm = NORMS[name]()
        layers += [norm.around(nn.Linear(before, after, bias=norm.bias)), norm.after(after, False), bend()]
    return layers


def _widths(width: int, depth: int, widths: Sequence[int] | None) -> tuple[int, ...]:
    hidden = (width,) * depth if widths is None else tuple(widths)
    if not hidden or min(hidden) < 1:
        raise Refusal(
            f"A dense network has hidden layers {list(hidden)}: at least one is needed, each of width 1 or more."
        )
    return hidden
