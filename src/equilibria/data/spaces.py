"""Spaces: images and points. The table is the registration."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFont
import torch
from torch import Tensor, nn

from ..core.catalogue import Catalogue

_SMALLEST_CELL = 48  # pixels: smaller images are enlarged in sample grids
_GAP = 2


@dataclass(frozen=True)
class Image:
    """Images (C, H, W): uint8 in memory, float32 in [-1, 1] for networks.

    Example:
        >>> eq.Image(3, 8, 8).encode(torch.tensor([0, 255], dtype=torch.uint8))
        tensor([-1.,  1.])
    """

    channels: int = 1
    height: int = 28
    width: int = 28

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.channels, self.height, self.width

    def encode(self, raw: Tensor) -> Tensor:
        return (raw - 127.5).div_(127.5)  # x / 127.5 - 1, rounded once

    def decode(self, x: Tensor) -> np.ndarray:
        pixels = (x.detach().float().cpu() + 1).mul(127.5).round().clamp(0, 255).to(torch.uint8)
        return pixels.permute(0, 2, 3, 1).contiguous().numpy()

    def output_activation(self) -> nn.Module:
        return nn.Tanh()

    def sample_grid(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """Images in rows, on white, enlarged to sides of at least 48 pixels; only gray or the first 3 channels."""
        pixels = self.decode(x)[..., :3] if self.channels >= 3 else self.decode(x)[..., :1].repeat(3, axis=-1)
        zoom = -(-_SMALLEST_CELL // min(self.height, self.width))
        pixels = pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)
        rows, (height, width) = -(-len(pixels) // columns), pixels.shape[1:3]
        canvas = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, dtype=np.uint8)
        for i, cell in enumerate(pixels):
            y0, x0 = _GAP + i // columns * (height + _GAP), _GAP + i % columns * (width + _GAP)
            canvas[y0 : y0 + height, x0 : x0 + width] = cell
        return PIL.Image.fromarray(canvas)

    def describe(self) -> dict[str, Any]:
        return {"name": "image", "channels": self.channels, "height": self.height, "width": self.width}


_SIDE, _LETTER = 512, 20  # pixels; letters at twice the size
_AXIS, _NUMBER = (215, 218, 224), (120, 125, 135)
_REAL_DOT, _FAKE_DOT = 5.5, 3.5  # radius in pixels, at twice the size
_REAL, _FAKE = (225, 140, 60), (30, 80, 180)


@dataclass(frozen=True)
class Plane:
    """Points (2,), drawn within [-extent, extent].

    Example:
        >>> eq.Plane(2.0).sample_grid(torch.randn(100, 2)).size
        (512, 512)
    """

    extent: float = 1.5

    @property
    def shape(self) -> tuple[int]:
        return (2,)

    def encode(self, raw: Tensor) -> Tensor:
        return raw.float()

    def decode(self, x: Tensor) -> np.ndarray:
        return x.detach().float().cpu().numpy()

    def output_activation(self) -> nn.Module:
        return nn.Identity()

    def sample_grid(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """Generated points in blue, over real ones in orange, on axes with numbers."""
        side = 2 * _SIDE  # drawn at twice the size, for smooth edges
        canvas = PIL.Image.new("RGB", (side, side), "white")
        draw = PIL.ImageDraw.Draw(canvas)
        self._draw_axes(draw, side)
        for points, color, dot in ((real, _REAL, _REAL_DOT), (x, _FAKE, _FAKE_DOT)):
            if points is not None:
                shares = (self.decode(points) / self.extent + 1) / 2
                for across, up in shares[((shares >= 0) & (shares <= 1)).all(axis=1)] * side:
                    draw.circle((float(across), float(side - up)), dot, fill=color)
        return canvas.reduce(2)

    def _draw_axes(self, draw: PIL.ImageDraw.ImageDraw, side: int) -> None:
        """Lines through 0, and numbers at two distances from it."""
        font, unit = PIL.ImageFont.load_default(_LETTER), _round(self.extent / 2)
        middle = side / 2
        draw.line((0, middle, side, middle), fill=_AXIS, width=2)
        draw.line((middle, 0, middle, side), fill=_AXIS, width=2)
        for value in (-unit, unit):
            place = middle + value / self.extent * middle
            draw.text((place, middle + 6), f"{value:g}", _NUMBER, font, anchor="ma")
            draw.text((middle + 8, side - place), f"{value:g}", _NUMBER, font, anchor="lm")

    def describe(self) -> dict[str, Any]:
        return {"name": "plane", "extent": self.extent}


def _round(value: float) -> float:
    """The largest of 1, 2 and 5 times a power of ten that is not above a value."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(digit * power for digit in (5, 2, 1) if digit * power <= value * 1.0000001)


SPACES = Catalogue("space", image=Image, plane=Plane)
