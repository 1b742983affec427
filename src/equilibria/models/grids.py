"""Sample grids: how many samples of each class, and pictures with captions."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import torch
from torch import Tensor

from ..data.dataset import Space

if TYPE_CHECKING:
    from .model import Model

_INK, _SIZE, _GAP, _LONGEST = (60, 60, 60), 16, 6, 24  # of captions: color, height, distance, letters
_FRAME = (200, 200, 200)
_SPACE = 12  # between pictures under titles
_IMAGES, _POINTS = 64, 1024  # samples of a grid
_CLASSES = 16  # classes that get a row each, at most


def grid_layout(model: "Model") -> tuple[int, Tensor | None]:
    """How many samples a grid has of each condition, and the conditions (K, C).

    Of at most 16 classes a row each, from the same latents; else 64 images, or 1,024 points, without a condition.
    """
    labels, points = model.labels, len(model.space.shape) == 1
    if model.conditions is None or labels is None or labels.kind != "class" or labels.size > _CLASSES:
        return _POINTS if points else _IMAGES, None
    return _POINTS // labels.size if points else min(16, max(8, _IMAGES // labels.size)), torch.eye(labels.size)


def captioned(
    space: Space, groups: Sequence[Tensor], names: Sequence[str], real: Sequence[Tensor] | None = None
) -> PIL.Image.Image:
    """Groups of samples, (N, *space.shape) each, next to their names: a row of images each, or a panel of points."""
    points = len(space.shape) == 1
    pictures = [space.sample_grid(x, max(len(x), 1), None if real is None else real[i]) for i, x in enumerate(groups)]
    columns = math.ceil(math.sqrt(len(pictures))) if points else 1
    font = PIL.ImageFont.load_default(_SIZE)
    short = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names]
    margin = math.ceil(max(font.getlength(name) for name in short)) + 2 * _GAP
    width, height = max(picture.width for picture in pictures) + margin, pictures[0].height
    canvas = PIL.Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), "white")
    draw = PIL.ImageDraw.Draw(canvas)
    for i, (picture, name) in enumerate(zip(pictures, short, strict=True)):
        x, y = i % columns * width, i // columns * height
        draw.text((x + margin - _GAP, y + height / 2), name, _INK, font, anchor="rm")
        canvas.paste(picture, (x + margin, y))
        if columns > 1:
            draw.rectangle((x + margin, y + 1, x + width - 1, y + height - 1), outline=_FRAME)
    return canvas


def titled(pictures: Mapping[str, PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures from left to right on white, each centered under its title."""
    font = PIL.ImageFont.load_default(_SIZE)
    widths = [max(picture.width, math.ceil(font.getlength(title))) for title, picture in pictures.items()]
    height = max(picture.height for picture in pictures.values()) + _SIZE + _SPACE
    canvas = PIL.Image.new("RGB", (sum(widths) + _SPACE * (len(widths) + 1), height), "white")
    draw, x = PIL.ImageDraw.Draw(canvas), _SPACE
    for (title, picture), width in zip(pictures.items(), widths, strict=True):
        draw.text((x + width / 2, _SIZE), title, _INK, font, anchor="ms")
        canvas.paste(picture, (x + (width - picture.width) // 2, _SIZE + _SPACE))
        x += width + _SPACE
    return canvas
