"""Points of the plane: the space where a game can be seen whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
from torch import Tensor, nn

_SIDE = 512  # pixels
_REAL, _FAKE = (225, 140, 60), (30, 80, 180)


@dataclass(frozen=True)
class Plane:
    """Two coordinates, shown within [-extent, extent]."""

    extent: float = 1.5

    @property
    def shape(self) -> tuple[int]:
        return (2,)

    def encode(self, raw: Tensor) -> Tensor:
        return raw.float()

    def decode(self, x: Tensor) -> np.ndarray:
        return x.detach().float().cpu().numpy()

    def outlet(self) -> nn.Module:
        return nn.Identity()

    def sheet(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """Generated points in blue over real ones in orange."""
        canvas = PIL.Image.new("RGB", (_SIDE, _SIDE), "white")
        draw = PIL.ImageDraw.Draw(canvas)
        for points, colour in ((real, _REAL), (x, _FAKE)):
            if points is not None:
                for across, up in (self.decode(points) / self.extent + 1) * _SIDE / 2:
                    draw.circle((float(across), float(_SIDE - up)), 1.5, fill=colour)
        return canvas

    def describe(self) -> dict[str, Any]:
        return {"name": "plane", "extent": self.extent}
