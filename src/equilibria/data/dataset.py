"""A data set in memory: its space, samples, labels, held-out part and digest."""

import hashlib
from collections.abc import Mapping, Sequence
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
}  # singular, plural
_FEW = 16  # names that are listed in full
_HASHED = 4096  # samples
_RARE = 8  # training samples of a class
_UNKNOWN = ("", "-1", "nan", "?", "unknown", "unlabelled", "unlabeled")  # labels that may stand for no label
_TENTH = 256 // 10


class Space(Protocol):
    """What one sample is, for networks and for people."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one sample, without the batch."""

    def encode(self, raw: Tensor) -> Tensor:
        """From samples as stored in memory, (B, *shape), to the input of networks, float32 (B, *shape)."""

    def decode(self, x: Tensor) -> np.ndarray:
        """From networks, (B, *shape), to what is saved: pixels (B, H, W, C) uint8, points (B, 2) float32."""

    def output_activation(self) -> nn.Module:
        """The generator's last layer, which keeps its samples in the space."""

    def sample_grid(self, x: Tensor, columns: int = 8, real: Tensor | None = None) -> PIL.Image.Image:
        """A picture of samples (B, *shape); points are drawn over real ones."""

    def describe(self) -> dict[str, Any]:
        """The space as plain values: {"name": ..., **options}."""


@dataclass(frozen=True)
class Labels:
    """The kind and the names of labels: a class, several attributes, or numbers per sample."""

    kind: str  # of KINDS
    names: tuple[str, ...]  # of the classes, the attributes or the numbers

    @property
    def size(self) -> int:
        """The width of the condition that networks receive."""
        return len(self.names)

    def encode(self, raw: Tensor) -> Tensor:
        """From labels as stored, (B,) int64 for classes and (B, size) otherwise, to float32 (B, size)."""
        return (one_hot(raw.long(), self.size) if self.kind == "class" else raw).float()

    def __str__(self) -> str:
        """For example 10 classes (0, 1, 2, ...); the names of numbers are left out."""
        count = f"{self.size:,} {KINDS[self.kind][self.size != 1]}"
        names = self.names if self.size <= _FEW else (*self.names[:3], "...", self.names[-1])
        return count if self.kind == "vector" else f"{count} ({', '.join(names)})"


def first_names(names: Sequence[str], most: int = 3) -> str:
    """The first names of a list, and how many more there are."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


class Modes(NamedTuple):
    """The components of a mixture of equally weighted Gaussians."""

    centers: Tensor  # (K, *space.shape), on the CPU
    std: float  # of each, in every coordinate


@dataclass(frozen=True)
class Data:
    """A data set in memory, in a train and a held-out part."""

    name: str
    space: Space
    x: Tensor  # (N, *space.shape), uint8 for images, float32 for points
    held_out: Tensor  # (M, *space.shape), of the same type
    labels: Labels | None = None
    y: Tensor | None = None  # (N,) for classes, (N, labels.size) otherwise
    held_out_y: Tensor | None = None
    remarks: tuple[str, ...] = ()  # how the data was prepared, a sentence each: cropped, resized, left out
    left_out: tuple[str, ...] = ()  # the files that could not be read, "name: reason" each
    formats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # sizes and modes of the files, counted
    modes: Modes | None = None  # of a known mixture
    channels_of: str = ""  # the data set that each channel is an image of, where channels are such

    def to(self, device: torch.device) -> "Data":
        """The same data on a device."""
        tensors = {name: getattr(self, name) for name in ("x", "held_out", "y", "held_out_y")}
        moved: dict[str, Any] = {name: t.to(device) for name, t in tensors.items() if t is not None}
        return replace(self, **moved)

    def batch(self, indices: Tensor, labelled: bool = False) -> Batch:
        """The training samples at `indices`, (B,) int64, for networks; with their labels if `labelled`."""
        x = self.space.encode(self.x.index_select(0, indices))  # 7x faster than x[indices]
        if not labelled or self.labels is None or self.y is None:
            return Batch(x)
        return Batch(x, self.labels.encode(self.y.index_select(0, indices)))


def label_remarks(data: Data) -> tuple[str, ...]:
    """Sentences on classes with few training samples or that may stand for no label, and on the ranges of numbers."""
    if data.labels is not None and data.y is not None and data.labels.kind == "vector":
        ends = zip(data.y.amin(dim=0).tolist(), data.y.amax(dim=0).tolist(), strict=True)
        ranges = first_names([f"{least:.4g} to {most:.4g}" for least, most in ends], _FEW)
        return (f"Numbers as labels enter the networks as they are, in training samples {ranges}.",)
    if data.labels is None or data.y is None or data.labels.kind != "class":
        return ()
    counts = dict(zip(data.labels.names, data.y.bincount(minlength=data.labels.size).tolist(), strict=True))
    rare = [f"{name} ({count})" for name, count in counts.items() if count < _RARE]
    few = (
        (f"Classes with few training samples, too few for a conditional recipe: {first_names(rare)}.",) if rare else ()
    )
    unknown = [name for name in counts if name.strip().lower() in _UNKNOWN]
    return few + tuple(
        f"The label {name!r} ({counts[name]:,} training samples) is used as a class: if it means that the class is not "
        "known, leave these samples out."
        for name in unknown
    )


def digest(data: Data) -> str:
    """A hash of up to 4,096 training samples at even distances."""
    indices = torch.linspace(0, len(data.x) - 1, min(len(data.x), _HASHED)).long()
    return hashlib.blake2b(data.x[indices].contiguous().cpu().numpy().tobytes(), digest_size=16).hexdigest()


def held_out_mask(x: Tensor) -> Tensor:
    """Which about 10 % of the samples x, (N, ...), are held out: (N,) bool.

    A hash of its content decides for each sample, so copies stay on one side and the order does not matter. Where one
    part would be empty, the samples with the smallest hash are held out. Raises Refusal if all samples are equal.
    """
    rows = x.flatten(1).contiguous().numpy()
    mask = torch.tensor([_hash(row, 1) < _TENTH for row in rows], dtype=torch.bool)
    if mask.any() and not mask.all():
        return mask
    hashes = [_hash(row, 8) for row in rows]
    least = min(hashes)
    mask = torch.tensor([value == least for value in hashes], dtype=torch.bool)
    if mask.all():
        samples = "1 sample" if len(rows) == 1 else f"{len(rows):,} equal samples"
        raise Refusal(f"Of {samples} there is nothing to hold out: add samples that differ.")
    return mask


def _hash(row: np.ndarray, size: int) -> int:
    return int.from_bytes(hashlib.blake2b(row.tobytes(), digest_size=size).digest(), "big")
