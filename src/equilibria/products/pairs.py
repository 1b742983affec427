"""Samples beside what a model makes of them."""

from dataclasses import dataclass

import numpy as np
import PIL.Image
from torch import Tensor

from ..data.records import Space
from ..recipes.sheets import side_by_side

_COLUMNS, _SHOWN = 8, 64


@dataclass(frozen=True)
class Pairs:
    """Samples, and what was made from their latents, one for each."""

    space: Space
    names: tuple[str, ...]
    x: Tensor  # (N, *space.shape)
    again: Tensor  # (N, *space.shape)
    latents: Tensor  # (N, Z)
    y: Tensor | None = None  # (N, C), of a conditional model
    made: str = "again"  # what stands beside the second row of a picture
    remarks: tuple[str, ...] = ()

    @property
    def error(self) -> Tensor:
        """Mean squared difference of each sample, per number as networks see it: (N,)."""
        return (self.again - self.x).square().flatten(1).mean(dim=1)

    def picture(self) -> PIL.Image.Image:
        """Originals over what was made, eight abreast, 64 at most; points in one plane."""
        x, again = self.x[:_SHOWN], self.again[:_SHOWN]
        if len(self.space.shape) == 1:
            return self.space.sheet(self.again, real=self.x)
        strips = [part for both in zip(x.split(_COLUMNS), again.split(_COLUMNS), strict=True) for part in both]
        return side_by_side(self.space, strips, ["given", self.made] * (len(strips) // 2))

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: `samples`, `originals`, `latents`, `errors`, `files`, and `conditions` if there are."""
        told = {} if self.y is None else {"conditions": self.y.cpu().numpy()}
        return {
            "samples": self.space.decode(self.again),
            "originals": self.space.decode(self.x),
            "latents": self.latents.float().cpu().numpy(),
            "errors": self.error.cpu().numpy(),
            "files": np.array(self.names),
            **told,
        }

    def said(self) -> str:
        """The mean error and the largest."""
        error = self.error
        worst = int(error.argmax())
        return (
            f"{len(error):,} samples {self.made}: mean squared error {error.mean():.4g}, at most {error[worst]:.4g} "
            f"({self.names[worst]}), per number of {_range(self.space)}."
        )


def _range(space: Space) -> str:
    return "points" if len(space.shape) == 1 else "images in [-1, 1]"
