"""Latents that a user names: samples by number, tensors, files, or images where there is an encoder; truncation."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.files import user_path
from ..core.priors import Prior
from ..core.specs import excerpt
from ..data.arrays import read_array, read_shapes
from .conditions import LabelQuery
from .encoding import encode, latents_of_codes
from .inputs import Source

if TYPE_CHECKING:
    from .model import Model

LatentQuery = int | str | Path | Sequence[int] | np.ndarray | Tensor

_MOST = 10_000  # samples by number
_NUMBERS = re.compile(r"\s*\d{1,18}\s*(\.\.\s*\d{1,18}\s*)?(,\s*\d{1,18}\s*(\.\.\s*\d{1,18}\s*)?)*")


@dataclass(frozen=True)
class Latents:
    """Draws of the prior with their conditions."""

    noise: Tensor  # (N, Z); the generator's input is model.latents_of(noise, y)
    y: Tensor | None  # (N, C) for a conditional model
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def repeated(self, count: int) -> "Latents":
        """The same, with a single one repeated. Raises Refusal for any other number than 1 and `count`."""
        if len(self) == count:
            return self
        if len(self) != 1:
            raise Refusal(f"There are {len(self)} and {count} latents, which cannot be paired: give as many, or one.")
        y = None if self.y is None else self.y.expand(count, -1)
        return Latents(self.noise.expand(count, -1), y, self.names * count)


def read_latents(model: "Model", query: LatentQuery, seed: int = 0, labels: LabelQuery | None = None) -> Latents:
    """Latents by number or from a source.

    5, [0, 5, 7], "0,5,7" or "0..9" are samples of this seed by number, as `sample` draws them. A tensor
    (N, Z) is latents; so is an .npz with an array `latents`, as `encode` and `invert` write it. Images, as files, a
    folder, a data set or a tensor (N, C, H, W), are encoded. Several labels take turns; by default each latent keeps
    its own.
    """
    if isinstance(query, np.ndarray | Tensor) and (values := torch.as_tensor(query)).is_floating_point():
        return _of_tensor(model, values, None, labels) if values.ndim < 3 else _encoded(model, values, labels)
    if isinstance(query, str | Path) and not _NUMBERS.fullmatch(str(query)):
        return _of_file(model, user_path(query), labels)
    return _of_numbers(model, numbers(query), seed, labels)


def numbers(query: LatentQuery) -> list[int]:
    """The numbers in "0,5,7", "0..9", 5 or [0, 5, 7]."""
    if isinstance(query, str | Path):
        if not _NUMBERS.fullmatch(str(query)):
            raise Refusal(f"{excerpt(str(query))} is no list of numbers: write 3, or 0,5, or 0..9.")
        result = list[int]()
        for part in str(query).split(","):
            first, _, last = part.partition("..")
            result += range(int(first), min(int(last or first), int(first) + _MOST) + 1)
    else:
        result = [query] if isinstance(query, int) else [int(each) for each in query]
    if not result or min(result) < 0 or len(result) > _MOST:
        raise Refusal(f"{query!r} means {len(result):,} samples: give numbers from 0, {_MOST:,} at most.")
    return result


def _of_numbers(model: "Model", places: list[int], seed: int, labels: LabelQuery | None) -> Latents:
    """Sample i of this seed, for each i."""
    size = model.CHUNK
    chunks = {chunk: model.draw_noise(size, (seed, chunk)) for chunk in sorted({i // size for i in places})}
    noise = torch.stack([chunks[i // size][0][i % size] for i in places])
    own = [y[i % size] for i in places if (y := chunks[i // size][1]) is not None]
    conditions = torch.stack(own) if own else None
    return Latents(noise, conditions if labels is None else cycle(model, labels, len(places)), tuple(map(str, places)))


def _of_tensor(model: "Model", z: Tensor, own: Tensor | None, labels: LabelQuery | None) -> Latents:
    z = (z[None] if z.ndim == 1 else z).float().to(model.device)
    if z.ndim != 2 or z.shape[1] != model.prior.size or not len(z) or not z.isfinite().all():
        raise Refusal(f"Latents have the shape {tuple(z.shape)}: finite numbers (N, {model.prior.size}) are needed.")
    y = cycle(model, labels, len(z)) if labels is not None else None if own is None else own.float().to(z.device)
    if (y is None) != (model.conditions is None) or (y is not None and y.shape != (len(z), model.condition_size)):
        raise Refusal("These latents have no labels, or others than this model takes: name them (--label).")
    return Latents(model.noise_of(z, y), y, tuple(map(str, range(len(z)))))


def _of_file(model: "Model", path: Path, labels: LabelQuery | None) -> Latents:
    if path.suffix == ".npz" and path.is_file() and "latents" in (arrays := read_shapes(path)):
        z = torch.from_numpy(read_array(path, "latents"))
        own = torch.from_numpy(read_array(path, "conditions")) if "conditions" in arrays else None
        return _of_tensor(model, z.flatten(0, -2), own, labels)
    if path.suffix == ".npz" and not path.exists():
        raise Refusal(f"There is no file {path}.")
    return _encoded(model, path, labels)


def _encoded(model: "Model", source: Source, labels: LabelQuery | None) -> Latents:
    codes = encode(model, source, labels)
    return Latents(model.noise_of(latents_of_codes(model, codes.mean), codes.y), codes.y, codes.names)


def cycle(model: "Model", labels: LabelQuery, count: int) -> Tensor:
    """The conditions of labels, in turn: (count, C)."""
    rows = model.conditions_of(labels).to(model.device)
    return rows[torch.arange(count, device=rows.device) % len(rows)]


def dimensions_of(prior: Prior, kind: str) -> Tensor:
    """Which dimensions of a prior's latents are of this kind: (Z,) bool."""
    mask = torch.zeros(prior.size, dtype=torch.bool)
    for part in prior.parts:
        mask[part.place] = part.kind == kind
    return mask


def truncate(noise: Tensor, prior: Prior, threshold: float, generator: torch.Generator) -> Tensor:
    """The same draws of a prior, (N, Z), with normal values beyond the threshold drawn again within it.

    The truncation trick (Brock et al. 2019, section 3.1). Values within it stay; parts that are not normal stay too.
    """
    if not (math.isfinite(threshold) and threshold > 0):
        raise Refusal(f"truncation is {threshold:g}: a number above 0 is needed, such as 0.7.")
    normal = dimensions_of(prior, "normal")
    if not normal.any():
        kinds = " and ".join(sorted({part.kind for part in prior.parts})) or "of an unknown kind"
        raise Refusal(f"Truncation is for normal latents; those of this model are {kinds}: leave it out.")
    share = 2 * torch.rand(noise.shape, generator=generator, dtype=torch.float64) - 1
    within = math.sqrt(2) * torch.erfinv(share * math.erf(threshold / math.sqrt(2)))  # the inverse of its distribution
    return torch.where(normal & (noise.abs() > threshold), within.float().clamp(-threshold, threshold), noise)
