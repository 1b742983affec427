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


class Scale(NamedTuple):
    """What a number is in the training samples."""

    mean: float
    std: float
    least: float
    most: float


@dataclass(frozen=True)
class Labels:
    """The kind and the names of labels: a class, several attributes, or numbers per sample.

    Example:
        >>> eq.Labels("class", ("cat", "dog")).encode(torch.tensor([1, 0]))
        tensor([[0., 1.],
                [1., 0.]])
    """

    kind: str  # of KINDS
    names: tuple[str, ...]  # of the classes, the attributes or the numbers
    scales: tuple[Scale, ...] = ()  # of numbers, one each; without them networks receive numbers as they are

    @property
    def size(self) -> int:
        """The width of the condition that networks receive."""
        return len(self.names)

    def encode(self, raw: Tensor) -> Tensor:
        """From labels as stored, (B,) int64 for classes and (B, size) otherwise, to float32 (B, size).

        An unknown class, -1, becomes zeros; numbers are centered and divided by their std.
        """
        if self.kind == "class":
            return (one_hot(raw.long().clamp(min=0), self.size) * (raw >= 0)[:, None]).float()
        mean, std = self._moments(raw)
        return ((raw - mean) / std).float()

    def decode(self, y: Tensor) -> Tensor:
        """From what networks receive, (B, size), to the units of the data, float32 (B, size)."""
        mean, std = self._moments(y)
        return y * std + mean

    def scaled(self, y: Tensor) -> "Labels":
        """The same labels, of numbers with the scales of these training labels, (N, size)."""
        if self.kind != "vector":
            return self
        y = y[is_labeled(y)].double()
        stds = [float(std) or 1.0 for std in y.std(dim=0, unbiased=False)]
        columns = zip(y.mean(dim=0).tolist(), stds, y.amin(dim=0).tolist(), y.amax(dim=0).tolist(), strict=True)
        return replace(self, scales=tuple(Scale(*column) for column in columns))

    def describe(self) -> dict[str, Any]:
        """Plain values: kind, names, and the scales of numbers."""
        scales = {"scales": [list(scale) for scale in self.scales]} if self.scales else {}
        return {"kind": self.kind, "names": list(self.names)} | scales

    def _moments(self, y: Tensor) -> Tensor:
        return torch.tensor([scale[:2] for scale in self.scales] or [(0.0, 1.0)]).to(y).T

    @property
    def titles(self) -> tuple[str, ...]:
        """The names of numbers in a sentence."""
        return tuple(f"number {n}" if n.isdecimal() else n for n in self.names)

    @property
    def example(self) -> str:
        """Numbers in the middle of the training data, as they are asked for."""
        return ",".join([f"{scale.mean:.3g}" for scale in self.scales] or ["0"] * self.size)

    @property
    def ranges(self) -> str:
        """The range of each number over the training samples."""
        pairs = zip(self.titles, self.scales, strict=True)
        texts = [f"{title} from {scale.least:.4g} to {scale.most:.4g}" for title, scale in pairs]
        return first_names(texts, _FEW)

    def __str__(self) -> str:
        """For example 10 classes (0, 1, 2, ...), or 1 number (age from 18 to 97)."""
        count = f"{self.size:,} {KINDS[self.kind][self.size != 1]}"
        names = self.names if self.size <= _FEW else (*self.names[:3], "...", self.names[-1])
        if self.kind == "vector":
            return f"{count} ({self.ranges})" if self.scales else count
        return f"{count} ({', '.join(names)})"


def is_labeled(y: Tensor) -> Tensor:
    """Which labels as stored, (N,) or (N, size), are known: (N,) bool."""
    return y >= 0 if y.ndim == 1 else ~y.isnan().any(dim=1)


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
    """A data set in memory, in a train and a held-out part.

    Example:
        >>> x = torch.randint(0, 256, (100, 1, 8, 8), dtype=torch.uint8)
        >>> data = eq.Data("noise", eq.Image(1, 8, 8), x[:90], x[90:])
        >>> eq.build(eq.RECIPES["wgan"](), data).step
        0
    """

    name: str
    space: Space
    x: Tensor  # (N, *space.shape), uint8 for images, float32 for points
    held_out: Tensor  # (M, *space.shape), of the same type
    labels: Labels | None = None
    y: Tensor | None = None  # (N,) for classes, -1 where unknown; (N, labels.size) otherwise, NaN where unknown
    held_out_y: Tensor | None = None
    remarks: tuple[str, ...] = ()  # how the data was prepared, a sentence each: cropped, resized, left out
    left_out: tuple[str, ...] = ()  # the files that could not be read, "name: reason" each
    formats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # sizes and modes of the files, counted
    no_labels: str = ""  # why there are none, if there is a reason
    modes: Modes | None = None  # of a known mixture
    channels_of: str = ""  # the data set that each channel is an image of, where channels are such

    def to(self, device: torch.device) -> "Data":
        """The same data on a device."""
        tensors = {name: getattr(self, name) for name in ("x", "held_out", "y", "held_out_y")}
        moved: dict[str, Any] = {name: t.to(device) for name, t in tensors.items() if t is not None}
        return replace(self, **moved)

    def labeled_part(self) -> "Data":
        """The samples whose labels are known; the same data where all are."""
        if self.y is None or self.held_out_y is None:
            return self
        train, out = is_labeled(self.y), is_labeled(self.held_out_y)
        if bool(train.all()) and bool(out.all()):
            return self
        return replace(
            self, x=self.x[train], y=self.y[train], held_out=self.held_out[out], held_out_y=self.held_out_y[out]
        )

    def batch(self, indices: Tensor, labelled: bool = False) -> Batch:
        """The training samples at `indices`, (B,) int64, for networks; with their labels if `labelled`."""
        x = self.space.encode(self.x.index_select(0, indices))  # 7x faster than x[indices]
        if not labelled or self.labels is None or self.y is None:
            return Batch(x)
        return Batch(x, self.labels.encode(self.y.index_select(0, indices)))


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
