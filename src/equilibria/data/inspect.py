"""What a data set is, before anything is trained on it."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from torch import Tensor

from ..core.errors import Refusal
from .arrays import chunks
from .dataset import Data, Labels
from .resolve import Spec, load_data

_BATCH = 64  # the usual size of a batch
_NAMED = 10
_NOUNS = {"class": "classes", "multi-hot": "attributes", "vector": "numbers a sample"}


@dataclass(frozen=True)
class DataReport:
    """Plain values for people and programs."""

    name: str
    usable: bool
    problem: str = ""  # why it is not usable
    train: int = 0
    held_out: int = 0
    shape: tuple[int, ...] = ()  # of one sample as networks see it
    formats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # sizes and modes of the files, counted
    values: tuple[float, float] = (0.0, 0.0)  # the smallest and the largest, as kept
    labels: str = ""  # their kind: class, multi-hot, vector; empty without
    classes: Mapping[str, int] = field(default_factory=dict)  # samples of each class or attribute
    duplicates: int = 0  # samples that repeat another one exactly
    left_out: tuple[str, ...] = ()  # "name: reason" each
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The report to read."""
        if not self.usable:
            return [f"{self.name}: not usable.", self.problem]
        kind = "points" if len(self.shape) == 1 else f"images of {_spelled(self.shape)}"
        said = [
            f"{self.name}: {self.train + self.held_out:,} {kind}, "
            f"{self.train:,} to train on and {self.held_out:,} held out."
        ]
        said += [f"{what.capitalize()}s found: {_counted(counts)}." for what, counts in self.formats.items()]
        said.append(f"Values: {self.values[0]:.4g} to {self.values[1]:.4g}.")
        said += [self._on_labels(), f"Exact duplicates: {self.duplicates or 'none'}."]
        said += self.remarks
        return said + [f"Left out: {name}" for name in self.left_out]

    def _on_labels(self) -> str:
        if not self.labels:
            return "Labels: none."
        counts = "" if self.labels == "vector" else f": {_counted(self.classes)}"
        return f"Labels: {len(self.classes)} {_NOUNS[self.labels]}{counts}. Only a conditional recipe uses them."


def check(spec: Spec, root: Path | None = None) -> DataReport:
    """Look at a data set as training would: counts, sizes, labels, duplicates, what is left out."""
    name = spec if isinstance(spec, str) else str(spec.get("name"))
    try:
        data = load_data(spec, root)
    except Refusal as refusal:
        return DataReport(name, usable=False, problem=str(refusal))
    few = (f"Fewer than a usual batch: train with --batch {len(data.x)} or less.",) if len(data.x) < _BATCH else ()
    return DataReport(
        name,
        usable=True,
        train=len(data.x),
        held_out=len(data.held_out),
        shape=data.space.shape,
        formats=data.formats,
        values=_values(data),
        labels=data.labels.kind if data.labels else "",
        classes=_classes(data.labels, data.y, data.held_out_y),
        duplicates=_duplicates(data),
        left_out=data.left_out,
        remarks=(*data.remarks, *few),
    )


def _values(data: Data) -> tuple[float, float]:
    parts = [part for x in (data.x, data.held_out) for part in chunks(x.numpy())]
    return min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)


def _classes(labels: Labels | None, *parts: Tensor | None) -> dict[str, int]:
    """Samples of each class or with each attribute; for vectors, the names alone have a meaning."""
    counts: Counter[str] = Counter()
    for y in parts:
        if labels is not None and y is not None:
            numbers = y.bincount(minlength=labels.size) if labels.kind == "class" else (y != 0).sum(dim=0)
            counts.update(dict(zip(labels.names, numbers.tolist(), strict=True)))
    return dict(counts)


def _duplicates(data: Data) -> int:
    rows = (row for x in (data.x, data.held_out) for row in x.numpy())
    seen = {hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).digest() for row in rows}
    return len(data.x) + len(data.held_out) - len(seen)


def _spelled(shape: tuple[int, ...]) -> str:
    channels, height, width = shape
    return f"{height} x {width}, {channels} channel{'s' if channels > 1 else ''}"


def _counted(counts: Mapping[str, int]) -> str:
    """The most frequent first, cut short."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    more = f" and {len(ordered) - _NAMED} more" if len(ordered) > _NAMED else ""
    return ", ".join(f"{name} ({count:,})" for name, count in ordered[:_NAMED]) + more
