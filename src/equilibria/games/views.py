"""The critic's inputs: functions of a play, and functions of such functions."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu

from ..core.errors import Refusal, at_least
from ..core.types import Views
from .play import Play

View = Callable[[Play], Views]


def data(play: Play) -> Views:
    """The batch: (x,)."""
    return (play.x,)


def samples(play: Play) -> Views:
    """Samples of the generator: (G(z),)."""
    return (play.fake,)


def encoded(play: Play) -> Views:
    """The batch and its code: (x, E(x)) (Donahue et al. 2017; Dumoulin et al. 2017)."""
    return play.x, play.code


def generated(play: Play) -> Views:
    """Samples with their latents: (G(z), z)."""
    return play.fake, play.z


def latents(play: Play) -> Views:
    """Latents of the prior: (z,)."""
    return (play.z,)


def codes(play: Play) -> Views:
    """The codes of the batch: (E(x),) (Makhzani et al. 2015)."""
    return (play.code,)


def reconstructions(play: Play) -> Views:
    """The reconstructed batch: (G(E(x)),)."""
    return (play.reconstruction,)


def both(one: View, other: View) -> View:
    """The rows of two views, one after the other: each (B, ...) becomes (2 B, ...)."""
    return lambda play: tuple(torch.cat(parts) for parts in zip(one(play), other(play), strict=True))


def condition(count: int, play: Play) -> Tensor | None:
    """The condition of packed views, packed alike: (B / count, count C)."""
    return play.y if play.y is None or count == 1 else pack(play.y, count)


def packed(view: View, count: int) -> View:
    """`count` independent samples as one, along channels (PacGAN, Lin et al. 2018).

    Each (B, C, ...) becomes (B / count, count C, ...): a critic of several samples can notice that they are alike.
    """
    at_least(1, "The game", pack=count)
    return view if count == 1 else lambda play: tuple(pack(v, count) for v in view(play))


def pack(x: Tensor, count: int) -> Tensor:
    """Adjacent rows as one: (B, C, ...) -> (B / count, count C, ...). Raises Refusal if `count` does not divide B."""
    if len(x) % count:
        raise Refusal(f"A batch of {len(x)} cannot be packed by {count}: let the batch be a multiple of game.pack.")
    return x.reshape(len(x) // count, count * x.shape[1], *x.shape[2:])


def noised(view: View, std: float, rounds: int = 0) -> View:
    """With normal noise on every value (Soenderby et al. 2017), decaying linearly over `rounds`; 0: constant."""
    at_least(0, "The game", noise=std, noise_rounds=rounds)

    def noisy(play: Play) -> Views:
        now = std * (relu(1 - play.round / rounds) if rounds else torch.ones_like(play.round))
        return tuple(v + now * torch.randn_like(v) for v in view(play))

    return noisy if std else view
