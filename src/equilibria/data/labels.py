"""From the labels of samples as stored to classes, attributes or numbers; which labels mean that none is known."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.text import plural
from .dataset import Data, Labels, first_names

UNKNOWN = ("", "nan", "?", "unknown", "unlabelled", "unlabeled")  # names that stand for no class, in any case
_MINUS_ONE = "-1"  # stands for no class if all others are whole numbers from 0, at least two of them
AUTO, NONE = "auto", "none"
_MOST_CLASSES = 1000
_RARE = 8  # training samples of a class


class LabelColumn(NamedTuple):
    """The labels of samples, in their order."""

    labels: Labels | None  # None if not one is known
    y: Tensor  # (N,) int64 for classes, -1 where unknown; else (N, K) float32, NaN where unknown
    remarks: tuple[str, ...] = ()


def class_column(labels: Sequence[str], unknown: str = AUTO, order: Sequence[str] | None = None) -> LabelColumn:
    """Classes by name, in this order of the names; by default in natural order (2 before 10).

    `unknown` is the label of samples whose class is not known, auto: one that usually is, none: there is none.
    Raises Refusal for an `unknown` that no sample has, and for too many classes.
    """
    distinct = sorted(set(labels), key=_natural) if order is None else order
    without = _unknown_names(distinct, unknown)
    names = tuple(name for name in distinct if name not in without)
    if len(names) > _MOST_CLASSES:
        raise Refusal(
            f"There are {len(names):,} different labels, more than the {_MOST_CLASSES:,} classes that are possible: "
            "save them as floats if they are numbers."
        )
    places = {name: place for place, name in enumerate(names)} | dict.fromkeys(without, -1)
    y = torch.tensor([places[label] for label in labels], dtype=torch.int64)
    remarks = [f"Without a label, because theirs is {name!r}: {labels.count(name):,}." for name in sorted(without)]
    if unknown == AUTO and without:
        remarks[-1] += " If that is a class: --data.unknown none."
    return LabelColumn(Labels("class", names) if names else None, y, tuple(remarks))


def number_columns(rows: np.ndarray, names: Sequence[str]) -> LabelColumn:
    """Attributes if all numbers are 0 or 1, else numbers: (N, K), a row with NaN is unknown."""
    absent = np.isnan(rows).any(axis=1)
    y = torch.from_numpy(np.where(absent[:, None], np.nan, rows).astype(np.float32))
    remarks = (f"Without a label, because theirs is NaN: {int(absent.sum()):,}.",) if absent.any() else ()
    kind = "multi-hot" if np.isin(rows[~absent], (0, 1)).all() else "vector"
    return LabelColumn(None if absent.all() else Labels(kind, tuple(names)), y, remarks)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(len(part), part) if part.isdigit() else (0, part) for part in re.split(r"(\d+)", name)]


def _unknown_names(names: Collection[str], unknown: str) -> set[str]:
    if unknown == NONE:
        return {""} & set(names)  # no class has no name
    if unknown != AUTO:
        if unknown not in names:
            raise Refusal(f"No label is {unknown!r}: the labels are {first_names(list(names), 16)}.")
        return {unknown} | ({""} & set(names))
    without = {name for name in names if name.strip().lower() in UNKNOWN}
    others = [name for name in names if name not in without and name != _MINUS_ONE]
    counted = len(others) > 1 and all(name.isdecimal() for name in others)
    return without | ({_MINUS_ONE} & set(names) if counted else set())


def label_remarks(data: Data) -> tuple[str, ...]:
    """Sentences on unknown labels, on classes with few training samples, and on how numbers are scaled."""
    if data.labels is None or data.y is None:
        return ()
    labels, part = data.labels, data.labeled_part()
    assert part.y is not None
    remarks = []
    if missing := len(data.x) - len(part.x):
        learn = f"; the recipe sgan learns classes with all (--labelled {len(part.x)})" * (labels.kind == "class")
        text = f"{plural(missing, 'training sample')} of {len(data.x):,} without a label: a conditional recipe leaves"
        remarks.append(f"{text} them out{learn}.")
    if labels.kind == "class":
        counts = dict(zip(labels.names, part.y.bincount(minlength=labels.size).tolist(), strict=True))
        if rare := [f"{name} ({count})" for name, count in counts.items() if count < _RARE]:
            few = "Classes with few training samples, too few for a conditional recipe"
            remarks.append(f"{few}: {first_names(rare)}.")
    if labels.kind == "vector":
        text = "Numbers as labels enter the networks scaled by their mean and std, and are asked for in their own units"
        remarks.append(f"{text}; over the training samples, {labels.ranges}.")
    return tuple(remarks)
