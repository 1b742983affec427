"""Samples of several labels in one picture."""

import math
from collections.abc import Mapping, Sequence

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import torch
from torch import Tensor

from ..data.records import Space
from .model import Model

_INK, _SIZE, _GAP, _LONGEST = (60, 60, 60), 16, 6, 24  # of the names: colour, height, distance, letters
_FRAME = (200, 200, 200)
_SPACE = 12  # between pictures under titles
_SHEET, _POINTS = 64, 1024  # samples of a sheet: images, points
_ROWS = 16  # classes that get a row each, at most


def sheet_of(model: Model) -> tuple[int, Tensor | None]:
    """How many samples a sheet of a model has of each condition, and the conditions (K, C).

    Of at most 16 classes a row each, from the same latents; else 64 images, or 1,024 points, of none.
    """
    labels, points = model.labels, len(model.space.shape) == 1
    if model.conditions is None or labels is None or labels.kind != "class" or labels.size > _ROWS:
        return _POINTS if points else _SHEET, None
    return _POINTS // labels.size if points else min(16, max(8, _SHEET // labels.size)), torch.eye(labels.size)


def side_by_side(
    space: Space, drawn: Sequence[Tensor], names: Sequence[str], real: Sequence[Tensor] | None = None
) -> PIL.Image.Image:
    """Each label's samples, (N, *space.shape), beside its name: images in a row each, points in a panel each."""
    points = len(space.shape) == 1
    shown = [space.sheet(x, max(len(x), 1), None if real is None else real[i]) for i, x in enumerate(drawn)]
    return _captioned(shown, names, math.ceil(math.sqrt(len(shown))) if points else 1)


def _captioned(pictures: Sequence[PIL.Image.Image], names: Sequence[str], columns: int) -> PIL.Image.Image:
    """Pictures of one height, in so many columns, each with a name on its left."""
    font = PIL.ImageFont.load_default(_SIZE)
    short = [name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..." for name in names]
    margin = math.ceil(max(font.getlength(name) for name in short)) + 2 * _GAP
    width, height = max(picture.width for picture in pictures) + margin, pictures[0].height
    canvas = PIL.Image.new("RGB", (columns * width, -(-len(pictures) // columns) * height), "white")
    draw = PIL.ImageDraw.Draw(canvas)
    for i, (picture, name) in enumerate(zip(pictures, short, strict=True)):
        left, top = i % columns * width, i // columns * height
        draw.text((left + margin - _GAP, top + height / 2), name, _INK, font, anchor="rm")
        canvas.paste(picture, (left + margin, top))
        if columns > 1:
            edges = left + margin, top + 1, left + width - 1, top + height - 1
            draw.rectangle(edges, outline=_FRAME)
    return canvas


def abreast(pictures: Mapping[str, PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures from left to right on white, each centred under its title."""
    font = PIL.ImageFont.load_default(_SIZE)
    widths = [max(picture.width, math.ceil(font.getlength(title))) for title, picture in pictures.items()]
    height = max(picture.height for picture in pictures.values()) + _SIZE + _SPACE
    canvas = PIL.Image.new("RGB", (sum(widths) + _SPACE * (len(widths) + 1), height), "white")
    draw, left = PIL.ImageDraw.Draw(canvas), _SPACE
    for (title, picture), width in zip(pictures.items(), widths, strict=True):
        draw.text((left + width / 2, _SIZE), title, _INK, font, anchor="ms")
        canvas.paste(picture, (left + (width - picture.width) // 2, _SIZE + _SPACE))
        left += width + _SPACE
    return canvas
