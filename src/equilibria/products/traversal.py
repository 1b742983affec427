"""One number of a latent at a time."""

from collections.abc import Iterable, Sequence

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.priors import Part, Prior
from ..recipes.asking import Asked
from ..recipes.model import Model
from .latents import Given, latents, numbers
from .rows import Rows

_REACH = {"uniform": 1.0}  # of a prior's numbers; 3 of all others
_FEW = 10  # rows, where nobody says which


def traverse(
    model: Model,
    base: Given = 0,
    *,
    coordinates: Sequence[int] | str | None = None,
    steps: int = 9,
    reach: float | None = None,
    seed: int = 0,
    labels: Asked | None = None,
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
    """
    if steps < 3 or steps % 2 == 0:
        raise Refusal(f"steps is {steps}: an odd number of at least 3 is needed, so that the middle is the base.")
    if reach is not None and not reach > 0:
        raise Refusal(f"reach is {reach:g}: a number above 0 is needed.")
    start = latents(model, base, seed, labels)
    if len(start) != 1:
        raise Refusal(f"{len(start)} latents were given as the base: one is needed.")
    chosen = _chosen(model, start.noise, start.y, coordinates, reach)
    noise = [moved(start.noise[0], part, at, steps, _reach(part, reach)) for part, at in chosen]
    names = [f"category at z {p.place.start}" if p.kind == "categorical" else f"z {at}" for p, at in chosen]
    y = None if start.y is None else [start.y.expand(len(row), -1) for row in noise]
    return Rows.made(model, names, noise, y)


def moved(base: Tensor, part: Part, at: int, steps: int, reach: float) -> Tensor:
    """A latent (Z,) with the number `at` moved from -reach over its own value to reach; or in each category."""
    if part.kind == "categorical":
        rows = base.repeat(part.size, 1)
        rows[:, part.place] = torch.eye(part.size).to(base)
        return rows
    rows, own = base.repeat(steps, 1), float(base[at])
    rows[: steps // 2 + 1, at] = torch.linspace(-reach, own, steps // 2 + 1).to(base)
    rows[steps // 2 :, at] = torch.linspace(own, reach, steps // 2 + 1).to(base)
    rows[steps // 2, at] = base[at]
    return rows


def _chosen(
    model: Model, base: Tensor, y: Tensor | None, coordinates: Sequence[int] | str | None, reach: float | None
) -> list[tuple[Part, int]]:
    """The coordinates that are asked for, each with its part of the prior; else those that change samples most."""
    if coordinates is not None:
        places = numbers(coordinates)
        if max(places) >= model.prior.size:
            raise Refusal(f"There is no coordinate {max(places)}: latents have {model.prior.size}, counted from 0.")
        return _placed(model.prior, places)
    known = _placed(model.prior, range(model.prior.size))
    ends = torch.cat([moved(base[0], part, at, 3, _reach(part, reach))[[0, -1]] for part, at in known])
    x = model.made(ends, None if y is None else y.expand(len(ends), -1)).flatten(1)
    change = (x[::2] - x[1::2]).square().mean(dim=1)
    best = sorted(change.topk(min(_FEW, len(known))).indices.tolist())
    return [known[i] for i in best]


def _placed(prior: Prior, places: Iterable[int]) -> list[tuple[Part, int]]:
    """Coordinates once each, with the part in which they lie; a categorical part is one coordinate."""
    found = dict[int, Part]()
    for at in places:
        inside = [part for part in prior.parts if part.place.start <= at < part.place.stop]
        part = inside[0] if inside else Part("unknown", slice(0, prior.size))
        found[part.place.start if part.kind == "categorical" else at] = part
    return [(part, at) for at, part in found.items()]


def _reach(part: Part, reach: float | None) -> float:
    return _REACH.get(part.kind, 3.0) if reach is None else reach
