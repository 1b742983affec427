"""The report of `data check`: what a data set is, before anything is trained on it."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..core.errors import Refusal
from ..core.files import atomic_output
from ..core.text import plural
from .arrays import chunks
from .dataset import KINDS, Data, first_names, is_labeled
from .resolve import Spec, load_data

_CELLS = 64  # of the picture
_FEW, _VERY_FEW = 1000, 100  # training samples
_SMALL = 32  # pixels
_AUGMENTATION = "an augmentation (--augmentation diffaugment)"


@dataclass(frozen=True)
class DataReport:
    """What `check` measures, as plain values."""

    name: str
    usable: bool
    problem: str = ""  # why it is not usable
    train: int = 0
    held_out: int = 0
    shape: tuple[int, ...] = ()  # of one sample
    formats: Mapping[str, Mapping[str, int]] = field(default_factory=dict)  # sizes and modes of the files, counted
    values: tuple[float, float] = (0.0, 0.0)  # the smallest and the largest, as stored
    labels: str = ""  # their kind: class, multi-hot, vector; empty if there are none
    classes: Mapping[str, int] = field(default_factory=dict)  # samples of each class or attribute
    unlabeled: int = 0  # samples whose labels are unknown
    duplicates: int = 0  # samples that repeat another one exactly
    left_out: tuple[str, ...] = ()  # "name: reason" each
    remarks: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """The report as lines of text."""
        if not self.usable:
            return [f"{self.name}: not usable.", self.problem]
        if len(self.shape) == 1:
            kind = "points"
        else:
            channels, height, width = self.shape
            kind = f"images of {height} x {width}, {channels} channel{'s' * (channels > 1)}"
        return [
            f"{self.name}: {self.train + self.held_out:,} {kind}; {self.train:,} for training, "
            f"{self.held_out:,} held out.",
            *(f"File {what}s: {_most_frequent(counts)}." for what, counts in self.formats.items()),
            f"Values: {self.values[0]:.4g} to {self.values[1]:.4g}.",
            self._label_line(),
            f"Exact duplicates: {self.duplicates or 'none'}.",
            *self.remarks,
            *(f"Left out: {name}" for name in self.left_out),
        ]

    def _label_line(self) -> str:
        if not self.labels:
            return "Labels: none."
        kind = KINDS[self.labels][len(self.classes) != 1]
        counts = " per sample" if self.labels == "vector" else f": {_most_frequent(self.classes)}"
        unknown = f"; unknown: {self.unlabeled:,}" if self.unlabeled else ""
        return f"Labels: {len(self.classes)} {kind}{counts}{unknown}. Only a conditional recipe uses them."


def check(spec: Spec, root: Path | None = None) -> DataReport:
    """Load a data set as training would, and report counts, sizes, values, labels, duplicates and unreadable files."""
    name = spec if isinstance(spec, str) else str(spec.get("name"))
    try:
        data = load_data(spec, root)
    except Refusal as refusal:
        return DataReport(name, usable=False, problem=str(refusal))
    count = len(data.x)
    parts = [part for x in (data.x, data.held_out) for part in chunks(x.numpy())]
    rows = (row for part in parts for row in part)
    distinct = {hashlib.blake2b(np.ascontiguousarray(row).data, digest_size=16).digest() for row in rows}
    return DataReport(
        name,
        usable=True,
        train=count,
        held_out=len(data.held_out),
        shape=data.space.shape,
        formats=data.formats,
        values=(min(float(part.min()) for part in parts), max(float(part.max()) for part in parts)),
        labels=data.labels.kind if data.labels else "",
        classes=_class_counts(data.labeled_part()),
        unlabeled=sum(int((~is_labeled(y)).sum()) for y in (data.y, data.held_out_y) if y is not None),
        duplicates=count + len(data.held_out) - len(distinct),
        left_out=data.left_out,
        remarks=tuple(filter(None, (*data.remarks, few_remark(data)))),
    )


def few_remark(data: Data, augmentation: bool = True) -> str:
    """What few training samples mean, and what helps; nothing for many. `augmentation` is whether one can be added."""
    count, shape = len(data.x), data.space.shape
    if count >= _FEW:
        return ""
    kind = "image" if len(shape) == 3 else "point"
    helps = [f"more {kind}s ({_FEW:,} or more)"]
    if len(shape) == 3:
        helps += [_AUGMENTATION] if augmentation else []
        helps += [f"fewer pixels (--data.size {_SMALL})"] if data.formats and shape[1] > _SMALL else []
    amount, effect = "few", "samples improve until these are memorized"
    if count < _VERY_FEW:
        amount, effect = "very few", "expect copies of them, and no measure that tells whether there is more"
    subject = f"{plural(count, f'training {kind}')} {'is' if count == 1 else 'are'} {amount}"
    return f"{subject}: {effect}. What helps: {', '.join(helps)}."


def picture(spec: Spec, path: Path, root: Path | None = None) -> None:
    """Write the first training samples, as networks receive them, as a .png."""
    data = load_data(spec, root)
    with atomic_output(path) as part:
        data.space.sample_grid(data.space.encode(data.x[:_CELLS])).save(part, "PNG")


def _class_counts(data: Data) -> dict[str, int]:
    """Samples of each class or with each attribute; of numbers, only the names have a meaning."""
    counts: Counter[str] = Counter()
    for y in (data.y, data.held_out_y):
        if data.labels is not None and y is not None:
            many = y.bincount(minlength=data.labels.size) if data.labels.kind == "class" else (y != 0).sum(dim=0)
            counts.update(dict(zip(data.labels.names, many.tolist(), strict=True)))
    return dict(counts)


def _most_frequent(counts: Mapping[str, int]) -> str:
    """The names with their counts, the ten most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    return first_names([f"{name} ({count:,})" for name, count in ordered], 10)
