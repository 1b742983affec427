"""Pictures of one size, with any number of channels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor, nn

_SMALLEST_CELL = 48  # pixels: smaller images are enlarged on sheets
_GAP = 2


@dataclass(frozen=True)
class Image:
    """Bytes in memory, [-1, 1] for networks."""

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

    def outlet(self) -> nn.Module:
        return nn.Tanh()

    def sheet(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """Samples in rows, on white; channels beyond grey and colour are not drawn."""
        pixels = self.decode(x)[..., :3] if self.channels >= 3 else self.decode(x)[..., :1].repeat(3, axis=-1)
        zoom = -(-_SMALLEST_CELL // min(self.height, self.width))
        pixels = pixels.repeat(zoom, axis=1).repeat(zoom, axis=2)
        rows, (height, width) = -(-len(pixels) // columns), pixels.shape[1:3]
        canvas = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, 3), 255, dtype=np.uint8)
        for i, cell in enumerate(pixels):
            top, left = _GAP + i // columns * (height + _GAP), _GAP + i % columns * (width + _GAP)
            canvas[top : top + height, left : left + width] = cell
        return PIL.Image.fromarray(canvas)

    def describe(self) -> dict[str, Any]:
        return {"name": "image", "channels": self.channels, "height": self.height, "width": self.width}
