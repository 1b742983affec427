"""Samples of several labels in one picture."""

import math
from collections.abc import Sequence

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
from torch import Tensor

from ..data.records import Space

_INK, _SIZE, _GAP, _LONGEST = (60, 60, 60), 16, 6, 24  # of the names: colour, height, distance, letters
_FRAME = (200, 200, 200)


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
