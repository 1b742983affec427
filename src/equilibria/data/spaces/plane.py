"""Points of the plane: the space where a game can be seen whole."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
from torch import Tensor, nn

_SIDE, _DOT = 512, 2.5  # pixels
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
        side = 2 * _SIDE  # drawn at twice the size, for smooth edges
        canvas = PIL.Image.new("RGB", (side, side), "white")
        draw = PIL.ImageDraw.Draw(canvas)
        for points, colour in ((real, _REAL), (x, _FAKE)):
            if points is not None:
                for across, up in self._visible(points) * side:
                    draw.circle((float(across), float(side - up)), _DOT, fill=colour)
        return canvas.reduce(2)

    def _visible(self, x: Tensor) -> np.ndarray:
        """The points that lie on the sheet, as shares of its side: (N, 2)."""
        shares = (self.decode(x) / self.extent + 1) / 2
        return shares[((shares >= 0) & (shares <= 1)).all(axis=1)]

    def describe(self) -> dict[str, Any]:
        return {"name": "plane", "extent": self.extent}
