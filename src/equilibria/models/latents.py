"""Latents that somebody names: samples by number, tensors, files of latents, or pictures where there is an encoder."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.arrays import read_array, read_headers
from .conditions import Asked
from .encoding import drawable, encode
from .inputs import Source
from .sampler import CHUNK, Sampler

Given = int | str | Path | Sequence[int] | np.ndarray | Tensor

_MANY = 10_000  # samples by number
_NUMBERS = re.compile(r"\s*\d+\s*(\.\.\s*\d+\s*)?(,\s*\d+\s*(\.\.\s*\d+\s*)?)*")


@dataclass(frozen=True)
class Latents:
    """Draws of the prior, and the conditions beside them."""

    noise: Tensor  # (N, Z); what the generator sees is model.latent(noise, y)
    y: Tensor | None  # (N, C), exactly where the model is conditional
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def repeated(self, count: int) -> "Latents":
        """A single one as often as needed; as many as needed stay as they are. Raises Refusal for any other number."""
        if len(self) == count:
            return self
        if len(self) != 1:
            raise Refusal(f"{len(self)} and {count} were given, which cannot be paired: give as many, or one.")
        y = None if self.y is None else self.y.expand(count, -1)
        return Latents(self.noise.expand(count, -1), y, self.names * count)


def latents(model: Sampler, given: Given, seed: int = 0, labels: Asked | None = None) -> Latents:
    """What is meant: 5, [0, 5, 7], "0,5,7" or "0..9" are samples of this seed by their numbers, as `sample` draws them.

    A tensor (N, Z) is latents; so is an .npz with an array `latents`, as `encode` and `invert` write it. Pictures, as
    files, a folder, a data set or a tensor (N, C, H, W), are encoded. Labels that are asked for take turns; else each
    keeps its own.
    """
    if isinstance(given, np.ndarray | Tensor) and (values := torch.as_tensor(given)).is_floating_point():
        return _of_tensor(model, values, None, labels) if values.ndim < 3 else _coded(model, values, labels)
    if isinstance(given, str | Path) and not _NUMBERS.fullmatch(str(given)):
        return _of_file(model, Path(given).expanduser(), labels)
    return _of_numbers(model, numbers(given), seed, labels)


def numbers(given: Given) -> list[int]:
    """The numbers that are meant: "0,5,7", "0..9", 5 or [0, 5, 7]."""
    if isinstance(given, str | Path):
        found = list[int]()
        for part in str(given).split(","):
            first, _, last = part.partition("..")
            found += range(int(first), min(int(last or first), int(first) + _MANY) + 1)
    else:
        found = [given] if isinstance(given, int) else [int(each) for each in given]
    if not found or min(found) < 0 or len(found) > _MANY:
        raise Refusal(f"{given!r} means {len(found):,} samples: numbers from 0 are needed, {_MANY:,} at most.")
    return found


def _of_numbers(model: Sampler, chosen: list[int], seed: int, labels: Asked | None) -> Latents:
    """Sample i of this seed, for each i."""
    chunks = {chunk: model.material(CHUNK, (seed, chunk)) for chunk in sorted({i // CHUNK for i in chosen})}
    noise = torch.stack([chunks[i // CHUNK][0][i % CHUNK] for i in chosen])
    own = [told[i % CHUNK] for i in chosen if (told := chunks[i // CHUNK][1]) is not None]
    y = asked(model, labels, len(chosen)) if labels is not None else torch.stack(own) if own else None
    return Latents(noise, y, tuple(map(str, chosen)))


def _of_tensor(model: Sampler, z: Tensor, known: Tensor | None, labels: Asked | None) -> Latents:
    z = (z[None] if z.ndim == 1 else z).float().to(model.device)
    if z.ndim != 2 or z.shape[1] != model.prior.size or not len(z) or not z.isfinite().all():
        raise Refusal(
            f"Latents of shape {tuple(z.shape)} were given: finite numbers (N, {model.prior.size}) are needed."
        )
    y = asked(model, labels, len(z)) if labels is not None else None if known is None else known.float().to(z.device)
    if (y is None) != (model.conditions is None) or (y is not None and y.shape != (len(z), _width(model))):
        raise Refusal("These latents lack the labels that this model is told, or have others: say which (--label).")
    return Latents(model.noise(z, y), y, tuple(map(str, range(len(z)))))


def _of_file(model: Sampler, path: Path, labels: Asked | None) -> Latents:
    if path.suffix == ".npz" and path.is_file() and "latents" in (stored := read_headers(path)):
        z = torch.from_numpy(read_array(path, "latents"))
        known = torch.from_numpy(read_array(path, "conditions")) if "conditions" in stored else None
        return _of_tensor(model, z.flatten(0, -2), known, labels)
    if path.suffix == ".npz" and not path.exists():
        raise Refusal(f"There is no file {path}.")
    return _coded(model, path, labels)


def _coded(model: Sampler, source: Source, labels: Asked | None) -> Latents:
    codes = encode(model, source, labels)
    return Latents(model.noise(drawable(model, codes.mean), codes.y), codes.y, codes.names)


def asked(model: Sampler, labels: Asked, count: int) -> Tensor:
    """The conditions that are asked for, in turn: (count, C)."""
    rows = model.asked(labels).to(model.device)
    return rows[torch.arange(count, device=rows.device) % len(rows)]


def _width(model: Sampler) -> int:
    return 0 if model.conditions is None else model.conditions.rows.shape[1]
