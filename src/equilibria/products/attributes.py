"""Directions among latents in which labels change."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.arrays.kinds import labels_of
from ..data.records import Labels
from ..recipes.asking import Asked
from ..recipes.model import Model
from .encoding import codes
from .latents import latents
from .rows import Rows
from .showing import Source, show

_LEAST, _ROWS = 2, 32  # samples with and without each; directions that are shown, at most
_NONE = (
    "This model has no encoder to say where labelled samples lie: look at samples of it (`equilibria sample`) and give "
    "a .csv of what they are: a line sample,class, then a line each such as 0,smiling."
)


@dataclass(frozen=True)
class Directions:
    """How latents change with labels, and samples that are moved that way."""

    names: tuple[str, ...]
    directions: Tensor  # (K, Z): by how much latents differ on average where the label is one more
    rows: Rows  # one for each direction

    def picture(self) -> PIL.Image.Image:
        """A row for each direction: sample `base` moved along it, itself in the middle."""
        return self.rows.picture()

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: `directions` (K, Z) and `names` (K,)."""
        return {"directions": self.directions.cpu().numpy(), "names": np.array(self.names)}

    def said(self) -> str:
        """What was found."""
        return f"{len(self.names):,} directions ({', '.join(self.names)})"


def attribute(
    model: Model,
    source: Source | Mapping[int, str] = None,
    *,
    base: int = 0,
    steps: int = 9,
    away: float = 2.0,
    seed: int = 0,
    labels: Asked | None = None,
) -> Directions:
    """Find latent directions of labels: the mean latent of samples with a label minus that of samples without it.

    For numeric labels the direction is the slope of the regression on each.

    Args:
        source: Labelled samples, which needs an encoder: a folder of classes, an array with labels, a data set; or
            labels of generated samples: {number: class}, or a .csv with a header: sample,class or sample,smiling,young.
        base: Number of the sample to move, as in `sample`.
        steps: Samples in a row.
        away: Range of the move: from minus to plus this many times the direction; 1 turns "without" into "with".
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: class or attributes of all samples; default: their own.
    """
    if steps < 3 or not away > 0:
        raise Refusal(f"steps is {steps}, away {away:g}: at least 3 steps are needed, and a distance above 0.")
    noise, known, y = _labelled(model, source, seed, labels)
    directions = slopes(noise, y.to(noise), known)
    start = latents(model, base, seed, labels)
    shares = torch.linspace(-away, away, steps).to(noise)[:, None]
    moved = [start.noise + shares * direction for direction in directions[:_ROWS]]
    told = None if start.y is None else [start.y.expand(steps, -1)] * len(moved)
    return Directions(known.names, directions, Rows.made(model, known.names[:_ROWS], moved, told))


def slopes(z: Tensor, y: Tensor, known: Labels) -> Tensor:
    """Cov(z, y_k) / Var(y_k) of latents (N, Z) and labels (N, K), which for 0 and 1 is the difference of means: (K, Z).

    Raises Refusal where a label is the same for nearly all.
    """
    if known.kind != "vector":
        counts = zip(known.names, (y > 0.5).sum(dim=0).tolist(), strict=True)
        if rare := [name for name, count in counts if not _LEAST <= count <= len(y) - _LEAST]:
            raise Refusal(f"{', '.join(rare)}: at least {_LEAST} samples with a label and {_LEAST} without are needed.")
    apart = y - y.mean(dim=0)
    spread = apart.square().sum(dim=0)
    if not (spread > 0).all():
        raise Refusal("A label is the same for all samples: nothing can be learned from it.")
    return (apart.T @ (z - z.mean(dim=0))) / spread[:, None]


def _labelled(
    model: Model, source: Source | Mapping[int, str], seed: int, labels: Asked | None
) -> tuple[Tensor, Labels, Tensor]:
    """Draws of the prior (N, Z), and what is known of the samples there: (N, K)."""
    if isinstance(source, Mapping) or (isinstance(source, str | Path) and Path(source).suffix == ".csv"):
        chosen, known, raw = _looked_at(source)
        return latents(model, chosen, seed, labels).noise, known, known.encode(raw)
    if "encoder" not in model.networks:
        raise Refusal(_NONE)
    shown = show(model, source, labels)
    if shown.labels is None:
        raise Refusal("These samples have no labels: bring a folder of each class, or an array `labels`.")
    known, raw = shown.labels
    return model.noise(codes(model, shown).mean, shown.y), known, known.encode(raw)


def _looked_at(source: Mapping[int, str] | str | Path) -> tuple[list[int], Labels, Tensor]:
    """Numbers of samples, and what somebody says that they are."""
    if isinstance(source, Mapping):
        known, y = labels_of(Path("labels"), np.array(list(map(str, source.values()))), len(source))
        return list(source), known, y
    path = Path(source).expanduser()
    titles, *lines = _lines(path)
    try:
        chosen = [int(line[0]) for line in lines]
        raw = np.array([line[1:] for line in lines], dtype=str if len(titles) == 2 else float)
    except ValueError as error:
        raise Refusal(f"{path} cannot be read as sample,class or as sample and numbers: {error}.") from None
    known, y = labels_of(path, raw[:, 0] if len(titles) == 2 else raw, len(lines))
    return chosen, known if len(titles) == 2 else Labels(known.kind, tuple(titles[1:])), y


def _lines(path: Path) -> list[list[str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            lines = [[word.strip() for word in line] for line in csv.reader(file) if line]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refusal(f"{path} cannot be read: {getattr(error, 'strerror', None) or error}.") from None
    if len(lines) < 2 or len(lines[0]) < 2 or len({len(line) for line in lines}) > 1:
        raise Refusal(f"{path} must have a line of titles, sample and one or more labels, and a line for each sample.")
    return lines
