"""Directions in latent space: arithmetic and attributes."""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..data.arrays import detect_labels
from ..data.dataset import Labels, Space
from .conditions import Asked
from .encoding import codes
from .inputs import Source, show
from .latent_walks import Rows
from .latents import Given, Latents, latents
from .sampler import Sampler
from .write import abreast, side_by_side

_AROUND = -5  # place of the noise around an answer
_GRID, _SHOWN = 9, 8  # answers; of each operand's samples, at most


@dataclass(frozen=True)
class Arithmetic:
    """a - b + c: what went in, the averages, and the answer within noise."""

    space: Space
    names: tuple[str, str, str]  # of the operands, as they were given
    operands: tuple[Tensor, Tensor, Tensor]  # samples: (N, *space.shape) each
    means: Tensor  # what the averages of their latents give: (3, *space.shape)
    answers: Tensor  # (9, *space.shape); a - b + c is in the middle, noise around it
    mean_latents: Tensor  # (3, Z)
    latents: Tensor  # of the answers: (9, Z)

    def picture(self) -> PIL.Image.Image:
        """The first eight of each operand, the averages, and the answer amid three by three; points in panels."""
        signs = [f"{sign}{name}" for sign, name in zip(("", "- ", "+ "), self.names, strict=True)]
        shown = [samples[:_SHOWN] for samples in self.operands]
        if len(self.space.shape) == 1:
            parts = [*shown, self.means, self.answers]
            return side_by_side(self.space, parts, [*signs, "averages", "answer"])
        rows = side_by_side(self.space, shown, signs)
        means, answers = self.space.sample_grid(self.means, 1), self.space.sample_grid(self.answers, 3)
        return abreast({"samples": rows, "averages": means, "answer, within noise": answers})

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: the answers' `samples` and `latents`, and the averages' `means` and `mean_latents`."""
        return {
            "samples": self.space.decode(self.answers),
            "latents": self.latents.cpu().numpy(),
            "means": self.space.decode(self.means),
            "mean_latents": self.mean_latents.cpu().numpy(),
        }

    def said(self) -> str:
        """What was reckoned."""
        a, b, c = self.names
        counts = ", ".join(str(count) for count in dict.fromkeys(map(len, self.operands)))
        return f"({a}) - ({b}) + ({c}), averages of {counts} samples,"


def arithmetic(
    model: Sampler,
    a: Given = (0, 1, 2),
    b: Given = (3, 4, 5),
    c: Given = (6, 7, 8),
    *,
    noise: float = 0.25,
    seed: int = 0,
    labels: Asked | None = None,
) -> Arithmetic:
    """Latent arithmetic: mean(a) - mean(b) + mean(c) (Radford et al. 2016, section 6.3.2); see `latents.latents`.

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
        >>> result.answers.shape  # the result in the middle, noise around it
        torch.Size([9, 1, 8, 8])
    """
    if not noise >= 0:
        raise Refusal(f"noise is {noise:g}: 0 or more is needed.")
    operands = [latents(model, given, seed, labels) for given in (a, b, c)]
    means = torch.stack([each.noise.mean(dim=0) for each in operands])
    told = _conditions(operands)
    answer = reckoned(means)
    around = noise * (2 * torch.rand(_GRID, len(answer), generator=generator(seed, _AROUND)) - 1)
    around[_GRID // 2] = 0
    answers = answer + around.to(answer)
    y = None if told is None else reckoned(told).expand(_GRID, -1)
    return Arithmetic(
        model.space,
        (_named(a), _named(b), _named(c)),
        tuple(model.made(each.noise, each.y) for each in operands),  # type: ignore[arg-type]
        model.made(means, told),
        model.made(answers, y),
        model.latent(means, told),
        model.latent(answers, y),
    )


def reckoned(means: Tensor) -> Tensor:
    """The first less the second and the third: (3, Z) to (Z,)."""
    a, b, c = means
    return c + (a - b)


def _conditions(operands: list[Latents]) -> Tensor | None:
    """The mean condition of each operand: (3, C)."""
    told = [each.y.mean(dim=0) for each in operands if each.y is not None]
    return torch.stack(told) if told else None


def _named(given: Given) -> str:
    """An operand as it was named."""
    if isinstance(given, list | tuple):
        return ",".join(map(str, given))
    return "latents" if isinstance(given, np.ndarray | Tensor) else str(given).rstrip("/").split("/")[-1]


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
    model: Sampler,
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

    Example:
        >>> model = eq.load("runs/pairs")
        >>> found = model.attribute()  # the classes of the held-out digits
        >>> found.directions.shape
        torch.Size([10, 64])
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
    model: Sampler, source: Source | Mapping[int, str], seed: int, labels: Asked | None
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
        known, y = detect_labels(Path("labels"), np.array(list(map(str, source.values()))), len(source))
        return list(source), known, y
    path = Path(source).expanduser()
    titles, *lines = _lines(path)
    try:
        chosen = [int(line[0]) for line in lines]
        raw = np.array([line[1:] for line in lines], dtype=str if len(titles) == 2 else float)
    except ValueError as error:
        raise Refusal(f"{path} cannot be read as sample,class or as sample and numbers: {error}.") from None
    known, y = detect_labels(path, raw[:, 0] if len(titles) == 2 else raw, len(lines))
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
