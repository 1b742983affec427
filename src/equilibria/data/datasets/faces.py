"""Drawn faces with known attributes."""

import torch
from torch import Tensor

from ...core.errors import above_zero
from ...core.seeding import generator
from ..dataset import Data, Labels, held_out_mask
from ..spaces import Image

ATTRIBUTES = ("glasses", "smile", "hat", "beard")
SIDE = 16  # pixels
SHIFTS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-2, -1, 0, 1, 2))
_BACKGROUND, _CONTRAST = 0.2, 0.6  # the brightest background, the least contrast


def faces(count: int = 20_000, shift: bool = True) -> Data:
    """Drawn faces, 16 x 16 gray: glasses, smile, hat and beard, each in half of them, at random.

    `count` is the number of pictures, of which about a tenth are held out. `shift` is whether faces are
    moved by up to two pixels.
    Brightness and contrast vary; the labels are the four attributes.
    """
    above_zero("The data 'faces'", count=count)
    source, (drawings, attributes) = generator(0), templates()
    place = torch.randint(len(drawings), (count,), generator=source)
    place = place if shift else place - place % len(SHIFTS) + SHIFTS.index((0, 0))
    background, contrast = torch.rand(2, count, 1, 1, 1, generator=source)
    contrast = _CONTRAST + (1 - _BACKGROUND - _CONTRAST) * contrast
    x = (255 * (_BACKGROUND * background + contrast * drawings[place])).round().to(torch.uint8)
    y, out = attributes[place], held_out_mask(x)
    return Data("faces", Image(1, SIDE, SIDE), x[~out], x[out], Labels("multi-hot", ATTRIBUTES), y[~out], y[out])


def templates() -> tuple[Tensor, Tensor]:
    """Every face at every position: pictures (240, 1, 16, 16) between 0 and 1, and attributes (240, 4)."""
    choices = torch.cartesian_prod(*[torch.tensor([0.0, 1.0])] * len(ATTRIBUTES))
    once = [_face(*map(bool, row)) for row in choices.tolist()]
    drawn = [torch.roll(face, shift, (0, 1)) for face in once for shift in SHIFTS]
    return torch.stack(drawn)[:, None], choices.repeat_interleave(len(SHIFTS), dim=0)


def attributes_of(x: Tensor) -> Tensor:
    """The attributes of the template that is nearest to each picture, (B, 4); exact on the data."""
    return templates()[1][correlation(x).argmax(dim=1)]


def correlation(x: Tensor) -> Tensor:
    """Of pictures (B, 1, 16, 16) with all templates, (B, 240): the largest is nearest, at any brightness, contrast."""
    x, y = (each.flatten(1) - each.flatten(1).mean(dim=1, keepdim=True) for each in (x, templates()[0]))
    return (x @ y.T) / (x.norm(dim=1, keepdim=True) * y.norm(dim=1))


def _face(glasses: bool, smile: bool, hat: bool, beard: bool) -> Tensor:
    """A face in the middle, (16, 16): 0 is the background, .6 the skin."""
    y, x = torch.meshgrid(*[torch.arange(SIDE) - SIDE // 2] * 2, indexing="ij")
    across = x.abs()
    face = 0.6 * ((across / 4.5) ** 2 + (y / 6.2) ** 2 <= 1).float()
    if beard:
        face[(face > 0) & ((y >= 3) | ((y >= 1) & (across >= 3)))] = 0.25
    face[(y == -1) & (across == 2)] = 0.0  # eyes
    if glasses:
        face[(y - -1).abs().maximum((across - 2).abs()) == 1] = 1.0
    face[(y == 3) & (across <= 1)] = 0.0
    if smile:
        face[(y == 2) & (across == 2)] = 0.0
        face[(y == 2) & (across <= 1)] = 1.0
    if hat:
        face[(y >= -7) & (y <= -5) & (across <= 3)] = 0.9
        face[(y == -4) & (across <= 5)] = 0.9
    return face
