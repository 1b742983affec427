"""Directions in latent space: arithmetic and attributes."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal, as_refusal
from ..core.files import user_path
from ..core.seeding import generator
from ..data.arrays import detect_labels
from ..data.dataset import Labels, Space, is_labeled
from .conditions import LabelQuery
from .encoding import codes_of
from .grids import captioned, titled
from .inputs import Source, read_inputs
from .interpolation import Rows
from .latents import LatentQuery, read_latents

if TYPE_CHECKING:
    from .model import Model

_NOISE = -5  # place of the noise on the results
_RESULTS, _LARGEST = 9, 8  # results; samples of each operand in a picture, at most
_LEAST, _ROWS = 2, 32  # samples with and without each label; directions in a picture, at most
_NO_ENCODER = (
    "This model has no encoder to locate labeled samples: look at samples of it (`equilibria sample`) and give a .csv "
    "of their labels: a line sample,class, then a line each such as 0,smiling."
)


@dataclass(frozen=True)
class Arithmetic:
    """a - b + c: the operands, their means, and the result with noise around it."""

    space: Space
    names: tuple[str, str, str]  # of the operands, as in the query
    operands: tuple[Tensor, Tensor, Tensor]  # samples: (N, *space.shape) each
    means: Tensor  # of the mean latents: (3, *space.shape)
    results: Tensor  # (9, *space.shape); a - b + c is in the middle, noise around it
    mean_latents: Tensor  # (3, Z)
    latents: Tensor  # of the results: (9, Z)

    def picture(self) -> PIL.Image.Image:
        """The first eight of each operand, the means, and three by three results; points in panels."""
        signs = [f"{sign}{name}" for sign, name in zip(("", "- ", "+ "), self.names, strict=True)]
        rows = [samples[:_LARGEST] for samples in self.operands]
        if len(self.space.shape) == 1:
            return captioned(self.space, [*rows, self.means, self.results], [*signs, "means", "result"])
        means, results = self.space.sample_grid(self.means, 1), self.space.sample_grid(self.results, 3)
        samples = captioned(self.space, rows, signs)
        return titled({"samples": samples, "means": means, "result, with noise": results})

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: `samples` and `latents` of the results, `means` and `mean_latents`."""
        return {
            "samples": self.space.decode(self.results),
            "latents": self.latents.cpu().numpy(),
            "means": self.space.decode(self.means),
            "mean_latents": self.mean_latents.cpu().numpy(),
        }

    def summary(self) -> str:
        """The operation in words."""
        a, b, c = self.names
        counts = ", ".join(str(count) for count in dict.fromkeys(map(len, self.operands)))
        return f"({a}) - ({b}) + ({c}), means of {counts} samples."


def arithmetic(
    model: "Model",
    a: LatentQuery = (0, 1, 2),
    b: LatentQuery = (3, 4, 5),
    c: LatentQuery = (6, 7, 8),
    *,
    noise: float = 0.25,
    seed: int = 0,
    labels: LabelQuery | None = None,
) -> Arithmetic:
    """Latent arithmetic: mean(a) - mean(b) + mean(c) (Radford et al. 2016, section 6.3.2); see `read_latents`.

    Eight more results have uniform noise on their latents, as in the paper.

    Args:
        a: Sample numbers, as 5 or 0,2 or 0..9; or an .npz of encode or invert; or images, if there is an encoder.
        b: The samples to subtract; `sample` draws them in a grid, numbered from 0, row by row.
        c: The samples to add.
        noise: Half-width of the uniform noise on the latents of the eight extra results.
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: class or attributes of all samples; default: labels are averaged as latents are.

    Example:
        >>> model = eq.load("runs/digits")
        >>> result = model.arithmetic([0, 1, 2], [3, 4, 5], [6, 7, 8], labels=3)
        >>> result.results.shape  # the result in the middle, noise around it
        torch.Size([9, 1, 8, 8])
    """
    if not noise >= 0:
        raise Refusal(f"noise is {noise:g}: 0 or more is needed.")
    operands = [read_latents(model, query, seed, labels) for query in (a, b, c)]
    means = torch.stack([each.noise.mean(dim=0) for each in operands])
    own = [each.y.mean(dim=0) for each in operands if each.y is not None]
    conditions = torch.stack(own) if own else None
    result = combine(means)
    around = noise * (2 * torch.rand(_RESULTS, len(result), generator=generator(seed, _NOISE)) - 1)
    around[_RESULTS // 2] = 0
    results = result + around.to(result)
    y = None if conditions is None else combine(conditions).expand(_RESULTS, -1)
    return Arithmetic(
        model.space,
        (_named(a), _named(b), _named(c)),
        tuple(model.generate(each.noise, each.y) for each in operands),  # type: ignore[arg-type]
        model.generate(means, conditions),
        model.generate(results, y),
        model.latents_of(means, conditions),
        model.latents_of(results, y),
    )


def combine(means: Tensor) -> Tensor:
    """The first minus the second plus the third: (3, Z) to (Z,)."""
    a, b, c = means
    return c + (a - b)


def _named(query: LatentQuery) -> str:
    """The name of an operand."""
    if isinstance(query, list | tuple):
        return ",".join(map(str, query))
    return "latents" if isinstance(query, np.ndarray | Tensor) else str(query).rstrip("/").split("/")[-1]


@dataclass(frozen=True)
class Directions:
    """How latents change with labels, and samples moved along these directions."""

    names: tuple[str, ...]
    directions: Tensor  # (K, Z): the mean change of latents where the label is one more
    rows: Rows  # one for each direction

    def picture(self) -> PIL.Image.Image:
        """A row for each direction: sample `base` moved along it, itself in the middle."""
        return self.rows.picture()

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: `directions` (K, Z) and `names` (K,)."""
        return {"directions": self.directions.cpu().numpy(), "names": np.array(self.names)}

    def summary(self) -> str:
        """The number of directions and their names."""
        return f"{len(self.names):,} directions ({', '.join(self.names)})."


def attribute(
    model: "Model",
    source: Source | Mapping[int, str] = None,
    *,
    base: int = 0,
    steps: int = 9,
    away: float = 2.0,
    seed: int = 0,
    labels: LabelQuery | None = None,
) -> Directions:
    """Find latent directions of labels: the mean latent of samples with a label minus that of samples without it.

    For numeric labels the direction is the coefficient of a regression on each.

    Args:
        source: Labelled samples, which needs an encoder: a folder of classes, an array with labels, a data set; or
            labels of generated samples: {number: class}, or a .csv with a header: sample,class or sample,smiling,young.
        base: Number of the sample to move, as in `sample`.
        steps: Samples in a row.
        away: Range of the move: from minus to plus this many times the direction; 1 turns "without" into "with".
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: class or attributes of all samples; default: their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> result = model.attribute()  # the classes of the held-out digits
        >>> result.directions.shape
        torch.Size([10, 64])
    """
    if steps < 3 or not away > 0:
        raise Refusal(f"steps is {steps}, away {away:g}: at least 3 steps are needed, and a distance above 0.")
    noise, names, y = _labeled(model, source, seed, labels)
    directions = regress(noise, y.to(noise), names)
    start = read_latents(model, base, seed, labels)
    shares = torch.linspace(-away, away, steps).to(noise)[:, None]
    moved = [start.noise + shares * direction for direction in directions[:_ROWS]]
    conditions = None if start.y is None else [start.y.expand(steps, -1)] * len(moved)
    return Directions(names.names, directions, Rows.generate(model, names.names[:_ROWS], moved, conditions))


def regress(z: Tensor, y: Tensor, labels: Labels) -> Tensor:
    """Cov(z, y_k) / Var(y_k) of latents (N, Z) and labels (N, K); for 0 and 1 the difference of means: (K, Z).

    Raises Refusal where a label is the same for nearly all.
    """
    if labels.kind != "vector":
        counts = zip(labels.names, (y > 0.5).sum(dim=0).tolist(), strict=True)
        if rare := [name for name, count in counts if not _LEAST <= count <= len(y) - _LEAST]:
            raise Refusal(f"{', '.join(rare)}: at least {_LEAST} samples with a label and {_LEAST} without are needed.")
    centered = y - y.mean(dim=0)
    squares = centered.square().sum(dim=0)
    if not (squares > 0).all():
        raise Refusal("A label is the same for all samples: nothing can be learned from it.")
    return (centered.T @ (z - z.mean(dim=0))) / squares[:, None]


def _labeled(
    model: "Model", source: Source | Mapping[int, str], seed: int, labels: LabelQuery | None
) -> tuple[Tensor, Labels, Tensor]:
    """Draws of the prior (N, Z), and the labels of their samples: (N, K)."""
    if isinstance(source, Mapping) or (isinstance(source, str | Path) and Path(source).suffix == ".csv"):
        places, names, raw = _read_labels(source)
        return read_latents(model, places, seed, labels).noise, names, names.encode(raw)
    if "encoder" not in model.networks:
        raise Refusal(_NO_ENCODER)
    inputs = read_inputs(model, source, labels).labeled_part()
    if inputs.labels is None:
        raise Refusal("These samples have no labels: give a folder for each class, or an array `labels`.")
    names, raw = inputs.labels
    return model.noise_of(codes_of(model, inputs).mean, inputs.y), names, names.encode(raw)


def _read_labels(source: Mapping[int, str] | str | Path) -> tuple[list[int], Labels, Tensor]:
    """Numbers of samples, and their labels."""
    if isinstance(source, Mapping):
        return _labeled_places(list(source), Path("labels"), np.array(list(map(str, source.values()))))
    path, errors = user_path(source), (OSError, UnicodeDecodeError, csv.Error)
    with as_refusal(f"{path} cannot be read", *errors), path.open(newline="", encoding="utf-8") as file:
        lines = [[word.strip() for word in line] for line in csv.reader(file) if line]
    if len(lines) < 2 or len(lines[0]) < 2 or len({len(line) for line in lines}) > 1:
        raise Refusal(f"{path} must have a line of titles, sample and one or more labels, and a line for each sample.")
    titles, *lines = lines
    with as_refusal(f"{path} cannot be read as sample,class or as sample and numbers", ValueError):
        places = [int(line[0]) for line in lines]
        raw = np.array([line[1:] for line in lines], dtype=str if len(titles) == 2 else float)
    places, names, y = _labeled_places(places, path, raw[:, 0] if len(titles) == 2 else raw)
    return places, names if len(titles) == 2 else Labels(names.kind, tuple(titles[1:])), y


def _labeled_places(places: list[int], path: Path, raw: np.ndarray) -> tuple[list[int], Labels, Tensor]:
    """Those of the samples whose labels are known. Raises Refusal if there are none."""
    labels, y, _ = detect_labels(path, raw, len(places))
    if labels is None:
        raise Refusal(f"{path} has no labels that are known: name the class of some samples.")
    rows = is_labeled(y)
    return [place for place, row in zip(places, rows.tolist(), strict=True) if row], labels, y[rows]
