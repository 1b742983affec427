"""Samples in rows, each with a name, and what they were made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.records import Space
from ..recipes.model import Model
from ..recipes.sheets import side_by_side

_MOST = 100  # rows of a picture


@dataclass(frozen=True)
class Rows:
    """Samples in rows, which may be of different lengths."""

    space: Space
    names: tuple[str, ...]
    samples: tuple[Tensor, ...]  # a row each: (S, *space.shape)
    latents: tuple[Tensor, ...]  # (S, Z)
    conditions: tuple[Tensor, ...] = ()  # (S, C), of a conditional model

    @classmethod
    def made(
        cls, model: Model, names: Sequence[str], noise: Sequence[Tensor], y: Sequence[Tensor] | None = None
    ) -> Self:
        """What the model makes of draws of its prior, (S, Z) a row, under conditions, (S, C) a row."""
        lengths = [len(row) for row in noise]
        flat, told = torch.cat(list(noise)), None if y is None else torch.cat(list(y))
        samples, z = model.made(flat, told).split(lengths), model.latent(flat, told).split(lengths)
        return cls(model.space, tuple(names), samples, z, () if told is None else told.split(lengths))

    def picture(self) -> PIL.Image.Image:
        """A row, or of points a panel, each beside its name."""
        if len(self.names) > _MOST:
            raise Refusal(f"One picture holds {_MOST} rows at most: for {len(self.names)}, let --out end in .npz.")
        return side_by_side(self.space, self.samples, self.names)

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: `samples`, `latents` and, if any, `conditions`, row after row; `row` (N,); `names`."""
        told = {"conditions": torch.cat(self.conditions).cpu().numpy()} if self.conditions else {}
        return {
            "samples": self.space.decode(torch.cat(self.samples)),
            "latents": torch.cat(self.latents).float().cpu().numpy(),
            **told,
            "row": np.repeat(np.arange(len(self.names)), [len(row) for row in self.samples]),
            "names": np.array(self.names),
        }

    def said(self) -> str:
        """How many there are."""
        return f"{sum(map(len, self.samples)):,} samples in {len(self.names)} rows"
