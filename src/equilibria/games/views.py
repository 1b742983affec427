"""What a critic is shown: functions of a play, and functions of such functions."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import relu

from ..core.errors import Refusal
from ..core.types import Views
from .play import Play

View = Callable[[Play], Views]


def data(play: Play) -> Views:
    """The batch: (x,)."""
    return (play.x,)


def samples(play: Play) -> Views:
    """What the generator makes of the prior: (G(z),)."""
    return (play.fake,)


def encoded(play: Play) -> Views:
    """The batch and its code: (x, E(x)) (Donahue et al. 2017; Dumoulin et al. 2017)."""
    return play.x, play.code


def generated(play: Play) -> Views:
    """A sample and the latent that it was made from: (G(z), z)."""
    return play.fake, play.z


def latents(play: Play) -> Views:
    """What samples are made from: (z,)."""
    return (play.z,)


def codes(play: Play) -> Views:
    """What the encoder makes of the batch: (E(x),) (Makhzani et al. 2015)."""
    return (play.code,)


def both(one: View, other: View) -> View:
    """The rows of two views, one after the other: each (B, ...) becomes (2 B, ...)."""
    return lambda play: tuple(torch.cat(parts) for parts in zip(one(play), other(play), strict=True))


def reconstructions(play: Play) -> Views:
    """What the generator makes of the codes: (G(E(x)),)."""
    return (play.reconstruction,)


def condition(count: int, play: Play) -> Tensor | None:
    """What row i of the views was drawn under, packed as they are: (B / count, count C)."""
    return play.y if play.y is None or count == 1 else pack(play.y, count)


def packed(view: View, count: int) -> View:
    """So many independent samples shown as one, channel beside channel (PacGAN, Lin et al. 2018).

    Each (B, C, ...) becomes (B / count, count C, ...): a critic that sees several at once sees that they are alike.
    """
    if count < 1:
        raise Refusal(f"pack is {count}: 1 or more samples are shown as one.")
    return view if count == 1 else lambda play: tuple(pack(v, count) for v in view(play))


def pack(x: Tensor, count: int) -> Tensor:
    """Neighbouring rows as one: (B, C, ...) -> (B / count, count C, ...)."""
    if len(x) % count:
        raise Refusal(f"A batch of {len(x)} cannot be packed by {count}: let the batch be a multiple of game.pack.")
    return x.reshape(len(x) // count, count * x.shape[1], *x.shape[2:])


def noised(view: View, deviation: float, rounds: int = 0) -> View:
    """With normal noise on every value (Soenderby et al. 2017); over `rounds` it fades in a straight line, 0: never."""
    if not deviation >= 0:
        raise Refusal(f"noise is {deviation}: a standard deviation of 0 or more is needed.")
    if rounds < 0:
        raise Refusal(f"noise_rounds is {rounds}: noise fades in 1 or more rounds; 0 means that it stays.")

    def blurred(play: Play) -> Views:
        now = deviation * (relu(1 - play.round / rounds) if rounds else torch.ones_like(play.round))
        return tuple(v + now * torch.randn_like(v) for v in view(play))

    return blurred if deviation else view
