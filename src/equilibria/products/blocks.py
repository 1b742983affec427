"""Pictures beside one another, each under its title."""

import math
from collections.abc import Mapping

import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont

_INK, _SIZE, _GAP = (60, 60, 60), 16, 12


def abreast(pictures: Mapping[str, PIL.Image.Image]) -> PIL.Image.Image:
    """Pictures from left to right on white, each centred under its title."""
    font = PIL.ImageFont.load_default(_SIZE)
    widths = [max(picture.width, math.ceil(font.getlength(title))) for title, picture in pictures.items()]
    height = max(picture.height for picture in pictures.values()) + _SIZE + _GAP
    canvas = PIL.Image.new("RGB", (sum(widths) + _GAP * (len(widths) + 1), height), "white")
    draw, left = PIL.ImageDraw.Draw(canvas), _GAP
    for (title, picture), width in zip(pictures.items(), widths, strict=True):
        draw.text((left + width / 2, _SIZE), title, _INK, font, anchor="ms")
        canvas.paste(picture, (left + (width - picture.width) // 2, _SIZE + _GAP))
        left += width + _GAP
    return canvas
