"""A data set in memory: samples, labels, held-out part, digest."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np
import PIL.Image
import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from ..core.errors import Refusal
from ..core.types import Batch

KINDS = {
    "class": ("class", "classes"),
    "multi-hot": ("attribute", "attributes"),
    "vector": ("number", "numbers"),
}  # one, many
_FEW = 16  # names that are said in full


class Space(Protocol):
    """What one sample is: how networks see it, and how people do."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, without the batch."""

    def encode(self, raw: Tensor) -> Tensor:
        """From what is kept in memory, (B, *shape), to what networks see, float32 (B, *shape)."""

    def decode(self, x: Tensor) -> np.ndarray:
        """From what networks see, (B, *shape), to what people keep: pixels (B, H, W, C) uint8, points (B, 2) float."""

    def output_activation(self) -> nn.Module:
        """The generator's last layer, so that its samples can only lie in the space."""

    def sample_grid(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """A picture of samples (B, *shape); where it makes sense, against real ones."""

    def describe(self) -> dict[str, Any]:
        """Plain values from which the space can be rebuilt: {"name": ..., **options}."""


@dataclass(frozen=True)
class Labels:
    """What is known of each sample: a class, several attributes, or numbers."""

    kind: str  # of KINDS
    names: tuple[str, ...]  # of the classes, the attributes or the numbers

    @property
    def size(self) -> int:
        """The width of a condition as networks see it."""
        return len(self.names)

    def encode(self, raw: Tensor) -> Tensor:
        """From what is kept, (B,) int64 for classes and (B, size) otherwise, to float32 (B, size)."""
        return (one_hot(raw.long(), self.size) if self.kind == "class" else raw).float()

    def __str__(self) -> str:
        """In words: 10 classes (0, 1, 2, ...); numbers have no names worth saying."""
        counted = f"{self.size:,} {KINDS[self.kind][self.size != 1]}"
        shown = self.names if self.size <= _FEW else (*self.names[:3], "...", self.names[-1])
        return counted if self.kind == "vector" else f"{counted} ({', '.join(shown)})"


class Modes(NamedTuple):
    """Where a mixture of equal Gaussians has its weight, if that is known."""

    centers: Tensor  # (K, *space.shape), on the host
    std: float  # of each, in every coordinate


@dataclass(frozen=True)
class Data:
    """A data set in memory, in a train and a held-out part."""

    name: str
    space: Space
    x: Tensor  # (N, *space.shape), as kept: uint8 for images, float32 for points
    held_out: Tensor  # (M, *space.shape), likewise
    labels: Labels | None = None
    y: Tensor | None = None  # (N,) for classes, (N, labels.size) otherwise
    held_out_y: Tensor | None = None
    remarks: tuple[str, ...] = ()  # what was done on the way in, a sentence each: cropped, left out, resized
    left_out: tuple[str, ...] = ()  # what could not be read, "name: reason" each
    formats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # what the files were: sizes, modes, counted
    modes: Modes | None = None  # where the truth is known
    channels_of: str = ""  # the data set whose pictures the channels are, each one of its own; none where they are not

    def to(self, device: torch.device) -> "Data":
        """The same data, resident on a device."""
        move = {k: None if t is None else t.to(device) for k, t in self._tensors().items()}
        return replace(self, **move)  # type: ignore[arg-type]

    def batch(self, chosen: Tensor, labelled: bool = False) -> Batch:
        """These training samples, (B,) int64, as networks see them; with their labels if asked for."""
        x = self.space.encode(self.x.index_select(0, chosen))  # 7x faster than x[chosen]
        if not labelled or self.labels is None or self.y is None:
            return Batch(x)
        return Batch(x, self.labels.encode(self.y.index_select(0, chosen)))

    def _tensors(self) -> dict[str, Tensor | None]:
        return {"x": self.x, "held_out": self.held_out, "y": self.y, "held_out_y": self.held_out_y}


_SEEN = 4096  # samples


def digest(data: Data) -> str:
    """A hash of some of the training samples, always the same ones."""
    chosen = torch.linspace(0, len(data.x) - 1, min(len(data.x), _SEEN)).long()
    return hashlib.blake2b(data.x[chosen].contiguous().cpu().numpy().tobytes(), digest_size=16).hexdigest()


_TENTH = 256 // 10


def held_out(x: Tensor) -> Tensor:
    """About 10 % of the samples, chosen by a hash of their content, so that copies stay on one side: (N,) bool.

    x is (N, ...). The choice does not depend on the order or on the other samples, unless they are so few that one
    part would be empty: then the smallest hash is held out.
    """
    rows = x.flatten(1).contiguous().numpy()
    chosen = torch.tensor([_hash(row, 1) < _TENTH for row in rows], dtype=torch.bool)
    if chosen.any() and not chosen.all():
        return chosen
    order = [_hash(row, 8) for row in rows]
    least = min(order)
    chosen = torch.tensor([place == least for place in order], dtype=torch.bool)
    if chosen.all():
        raise Refusal(f"{len(rows)} samples, none different from the others: there is nothing to hold out.")
    return chosen


def _hash(row: np.ndarray, size: int) -> int:
    return int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=size).digest(), "big")
