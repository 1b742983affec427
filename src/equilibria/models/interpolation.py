"""Walks in latent space: interpolation and traversal, a row of samples each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

import numpy as np
import PIL.Image
import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from ..core.priors import LatentPart, Prior
from ..data.dataset import Space
from .conditions import LabelQuery
from .grids import captioned
from .latents import LatentQuery, cycle, dimensions_of, numbers, read_latents

if TYPE_CHECKING:
    from .model import Model

_MOST = 100  # rows of a picture
WAYS = ("auto", "linear", "spherical")
_REACH = {"uniform": 1.0}  # largest value of a prior's dimensions; 3 for all others
_DEFAULT_ROWS = 10


@dataclass(frozen=True)
class Rows:
    """Samples in rows, which may be of different lengths."""

    space: Space
    names: tuple[str, ...]
    samples: tuple[Tensor, ...]  # a row each: (S, *space.shape)
    latents: tuple[Tensor, ...]  # (S, Z)
    conditions: tuple[Tensor, ...] = ()  # (S, C), of a conditional model

    @classmethod
    def generate(
        cls, model: "Model", names: Sequence[str], noise: Sequence[Tensor], y: Sequence[Tensor] | None = None
    ) -> Self:
        """Samples of draws of the prior, (S, Z) a row, under conditions, (S, C) a row."""
        lengths = [len(row) for row in noise]
        flat, conditions = torch.cat(list(noise)), None if y is None else torch.cat(list(y))
        x, z = model.generate(flat, conditions), model.latents_of(flat, conditions)
        split = () if conditions is None else conditions.split(lengths)
        return cls(model.space, tuple(names), x.split(lengths), z.split(lengths), split)

    def picture(self) -> PIL.Image.Image:
        """A row of images or a panel of points each, next to its name."""
        if len(self.names) > _MOST:
            raise Refusal(f"One picture holds {_MOST} rows at most: for {len(self.names)}, let --out end in .npz.")
        return captioned(self.space, self.samples, self.names)

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: `samples`, `latents` and, if any, `conditions`, row after row; `row` (N,); `names`."""
        return {
            "samples": self.space.decode(torch.cat(self.samples)),
            "latents": torch.cat(self.latents).float().cpu().numpy(),
            **({"conditions": torch.cat(self.conditions).cpu().numpy()} if self.conditions else {}),
            "row": np.repeat(np.arange(len(self.names)), [len(row) for row in self.samples]),
            "names": np.array(self.names),
        }

    def summary(self) -> str:
        """The number of samples and rows."""
        return f"{sum(map(len, self.samples)):,} samples in {len(self.names)} rows."


def interpolate(
    model: "Model",
    start: LatentQuery = (0, 2, 4, 6, 8),
    end: LatentQuery = (1, 3, 5, 7, 9),
    *,
    steps: int = 9,
    way: str = "auto",
    seed: int = 0,
    labels: LabelQuery | None = None,
    labels_to: LabelQuery | None = None,
) -> Rows:
    """Interpolate between latents: a row of samples for each pair of a start and an end; see `read_latents`.

    Spherical interpolation (Shoemake 1985) suits normal latents, whose norm matters (White 2016).

    Args:
        start: Sample numbers, as 5 or 0,2 or 0..9; or an .npz of encode or invert; or images, if there is an encoder.
        end: The same, as many as in start, or one.
        steps: Samples in a row, both ends included.
        way: linear, spherical, or auto (spherical for normal latents, linear for all others).
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: classes (3 or 0..4), one a row in turn, or attributes; default: the ends' own.
        labels_to: The label at the end of each row.

    Example:
        >>> model = eq.load("runs/digits")
        >>> rows = model.interpolate(0, 5, steps=9)
        >>> rows.samples[0].shape
        torch.Size([9, 1, 8, 8])
        >>> rows.picture().save("row.png")
    """
    if steps < 2:
        raise Refusal(f"steps is {steps}: at least 2 are needed, the start and the end.")
    first, last = read_latents(model, start, seed, labels), read_latents(model, end, seed, labels)
    count = max(len(first), len(last))
    first, last = first.repeated(count), last.repeated(count)
    noise = between(first.noise, last.noise, steps, model.prior, way)
    names = [f"{a} to {b}" for a, b in zip(first.names, last.names, strict=True)]
    if first.y is None or last.y is None:
        if labels_to is not None:
            model.conditions_of(labels_to)  # refuses: there are no labels
        return Rows.generate(model, names, list(noise))
    y = linear(first.y, last.y if labels_to is None else cycle(model, labels_to, count), torch.linspace(0, 1, steps))
    return Rows.generate(model, names, list(noise), list(y))


def between(start: Tensor, end: Tensor, steps: int, prior: Prior, way: str = "auto") -> Tensor:
    """From draws of a prior, (N, Z), to others, both ends included: (N, steps, Z)."""
    if way not in WAYS:
        raise Refusal(f"No way of interpolation is called {way!r}.{nearest(way, WAYS)}")
    times = torch.linspace(0, 1, steps)
    if way != "auto":
        return (linear if way == "linear" else spherical)(start, end, times)
    path = linear(start, end, times)
    if (normal := dimensions_of(prior, "normal")).any():
        path[..., normal] = spherical(start[:, normal], end[:, normal], times)
    return path


def linear(start: Tensor, end: Tensor, times: Tensor) -> Tensor:
    """Straight, at constant speed: (N, Z) twice and (S,) to (N, S, Z)."""
    share = times.to(start)[:, None]
    return torch.lerp(start[:, None], end[:, None], share)


def spherical(start: Tensor, end: Tensor, times: Tensor) -> Tensor:
    """Along the great circle, at constant speed in angle, while the length changes linearly (after Shoemake 1985).

    (N, Z) twice and (S,) to (N, S, Z). Directions that are opposite turn through one that is orthogonal to both;
    latents without a direction, and latents of one dimension, go straight.
    """
    share = times.double().to(start.device)[:, None]
    a, b = start.double()[:, None], end.double()[:, None]
    lengths = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    unit_a, unit_b = (vector / length.clamp(min=1e-30) for vector, length in zip((a, b), lengths, strict=True))
    along = (unit_a * unit_b).sum(dim=-1, keepdim=True)
    across = unit_b - along * unit_a
    angle = torch.atan2(across.norm(dim=-1, keepdim=True), along)
    turn = _unit_orthogonal(across, unit_a)
    direction = (share * angle).cos() * unit_a + (share * angle).sin() * turn
    path = torch.lerp(*lengths, share) * direction
    straight = (lengths[0] == 0) | (lengths[1] == 0) if start.shape[1] > 1 else torch.ones_like(angle, dtype=torch.bool)
    path = torch.where(straight, torch.lerp(a, b, share), path).to(start.dtype)
    path[:, times == 0], path[:, times == 1] = start[:, None], end[:, None]
    return path


def _unit_orthogonal(across: Tensor, unit: Tensor) -> Tensor:
    """The direction of `across`, (N, 1, Z); where it has none, one orthogonal to `unit`."""
    axis = torch.zeros_like(unit).scatter_(-1, unit.abs().argmin(dim=-1, keepdim=True), 1.0)
    other = axis - (axis * unit).sum(dim=-1, keepdim=True) * unit
    vector = torch.where(across.norm(dim=-1, keepdim=True) > 1e-9, across, other)
    return vector / vector.norm(dim=-1, keepdim=True).clamp(min=1e-30)


def traverse(
    model: "Model",
    base: LatentQuery = 0,
    *,
    coordinates: Sequence[int] | str | None = None,
    steps: int = 9,
    reach: float | None = None,
    seed: int = 0,
    labels: LabelQuery | None = None,
) -> Rows:
    """Vary one latent dimension at a time: a row of samples for each dimension, the base in the middle.

    Categorical parts of the prior take each of their values instead.

    Args:
        base: The middle of each row: a sample number, an .npz of a latent, or an image, if there is an encoder.
        coordinates: Latent dimensions, as 3 or 0,5 or 0..9; default: the ten that change the sample most.
        steps: Samples in a row, an odd number.
        reach: Largest value; each dimension goes from minus this to this; default: 3, or 1 for uniform latents.
        seed: Seed of the numbered samples, as in `sample`.
        labels: For conditional models: class or attributes; default: the sample's own.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.traverse(0, coordinates="0..2", steps=5).names
        ('z 0', 'z 1', 'z 2')
    """
    if steps < 3 or steps % 2 == 0:
        raise Refusal(f"steps is {steps}: an odd number of at least 3 is needed, so that the middle is the base.")
    if reach is not None and not reach > 0:
        raise Refusal(f"reach is {reach:g}: a number above 0 is needed.")
    start = read_latents(model, base, seed, labels)
    if len(start) != 1:
        raise Refusal(f"The base has {len(start)} latents: one is needed.")
    dimensions = _dimensions(model, start.noise, start.y, coordinates, reach)
    noise = [moved(start.noise[0], part, at, steps, reach) for part, at in dimensions]
    names = [f"category at z {p.place.start}" if p.kind == "categorical" else f"z {at}" for p, at in dimensions]
    y = None if start.y is None else [start.y.expand(len(row), -1) for row in noise]
    return Rows.generate(model, names, noise, y)


def moved(base: Tensor, part: LatentPart, at: int, steps: int, reach: float | None) -> Tensor:
    """A latent (Z,) with the dimension `at` moved from -reach over its own value to reach; or in each category."""
    if part.kind == "categorical":
        rows = base.repeat(part.size, 1)
        rows[:, part.place] = torch.eye(part.size).to(base)
        return rows
    reach = _REACH.get(part.kind, 3.0) if reach is None else reach
    rows, own = base.repeat(steps, 1), float(base[at])
    rows[: steps // 2 + 1, at] = torch.linspace(-reach, own, steps // 2 + 1).to(base)
    rows[steps // 2 :, at] = torch.linspace(own, reach, steps // 2 + 1).to(base)
    rows[steps // 2, at] = base[at]
    return rows


def _dimensions(
    model: "Model", base: Tensor, y: Tensor | None, coordinates: Sequence[int] | str | None, reach: float | None
) -> list[tuple[LatentPart, int]]:
    """The coordinates of the query, each with its part of the prior; by default those that change samples most."""
    if coordinates is not None:
        places = numbers(coordinates)
        if max(places) >= model.prior.size:
            raise Refusal(f"There is no coordinate {max(places)}: latents have {model.prior.size} dimensions, from 0.")
        return _with_parts(model.prior, places)
    every = _with_parts(model.prior, range(model.prior.size))
    ends = torch.cat([moved(base[0], part, at, 3, reach)[[0, -1]] for part, at in every])
    x = model.generate(ends, None if y is None else y.expand(len(ends), -1)).flatten(1)
    change = (x[::2] - x[1::2]).square().mean(dim=1)
    best = sorted(change.topk(min(_DEFAULT_ROWS, len(every))).indices.tolist())
    return [every[i] for i in best]


def _with_parts(prior: Prior, places: Iterable[int]) -> list[tuple[LatentPart, int]]:
    """Coordinates once each, with the part in which they lie; a categorical part is one coordinate."""
    parts = dict[int, LatentPart]()
    for at in places:
        inside = [part for part in prior.parts if part.place.start <= at < part.place.stop]
        part = inside[0] if inside else LatentPart("unknown", slice(0, prior.size))
        parts[part.place.start if part.kind == "categorical" else at] = part
    return [(part, at) for at, part in parts.items()]
