"""Images or points in an .npy or .npz file."""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal, nearest
from ..arrays import (
    LABEL_NAMES,
    SHAPES,
    Shape,
    chunks,
    detect_labels,
    detect_layout,
    read_array,
    read_shapes,
    value_range,
)
from ..cache import LARGE, cache_key, cached_arrays, write_split
from ..dataset import Data, Space, held_out_mask
from ..labels import AUTO
from ..spaces import Image, Plane

_SIDE = 8  # pixels of flat images, at least
_SAMPLES = ("samples", "images", "x")
_HELD_OUT = "held_out"  # which samples are held out, (N,) bool

Split = tuple[Tensor, Tensor, Tensor]  # training samples, held-out samples, which of all are held out: (N,) bool


def array(
    path: Path, samples: str | None = None, labels: str | None = None, layout: str = "auto", unknown: str = AUTO
) -> Data:
    """Images (N, H, W[, C]) or (N, C, H, W), or points (N, 2), in an .npy or .npz file.

    `samples` is the name of the array of samples in an .npz (default: samples, images, x or the first); `labels` is the
    name of the array of labels in an .npz (default: labels or y). An array held_out, (N,) of true and false, says which
    samples are held out; without one a hash of each sample decides.
    `layout` is channels_first or channels_last where the shape is ambiguous; `unknown` is the label of samples whose
    class is not known (auto: NaN, -1 and names such as unlabelled, none: no label).
    """
    stored = read_shapes(path)
    samples, labels = array_names(path, stored, samples, labels)
    raw = read_array(path, samples)
    choice = _stored_mask(path, stored, len(raw))
    parts = _points(path, raw, choice) if raw.ndim == 2 else _images(path, samples, raw, layout, choice)
    space, (x, out, mask), remark = parts
    remarks, used = [remark], (samples, labels, None if choice is None else _HELD_OUT)
    if rest := [name for name in stored if name not in used]:
        remarks.append(f"Arrays of {path.name} that were not read: {', '.join(rest)}.")
    if labels is None:
        return Data(str(path), space, x, out, remarks=tuple(remarks))
    kind, y, more = detect_labels(path, read_array(path, labels), len(raw), unknown)
    if kind is None:
        return Data(str(path), space, x, out, remarks=(*remarks, *more))
    return Data(str(path), space, x, out, kind.scaled(y[~mask]), y[~mask], y[mask], (*remarks, *more))


def array_names(
    path: Path, stored: Mapping[str, Shape], samples: str | None = None, labels: str | None = None
) -> tuple[str, str | None]:
    """The names of the array of samples and of that of labels, if there is one. Raises Refusal without samples."""
    for name in (samples, labels):
        if name is not None and name not in stored:
            raise Refusal(f"{path} has no array {name!r}.{nearest(name, stored)}")
    labels = labels or next((name for name in LABEL_NAMES if name in stored), None)
    samples = samples or next((name for name in (*_SAMPLES, *stored) if name in stored and name != labels), None)
    if samples is None or not stored[samples] or 0 in stored[samples]:
        raise Refusal(f"{path} holds no samples.")
    return samples, labels


def _stored_mask(path: Path, stored: Mapping[str, Shape], count: int) -> Tensor | None:
    """Which samples are held out, (N,) bool, where an array says so."""
    mask = read_array(path, _HELD_OUT) if stored.get(_HELD_OUT) == (count,) else np.zeros(count)
    return torch.from_numpy(mask) if mask.dtype == bool and 0 < mask.sum() < count else None


def _points(path: Path, raw: np.ndarray, mask: Tensor | None) -> tuple[Space, Split, str]:
    if raw.shape[1] > 2 and raw.dtype.kind in "fiu":
        raise Refusal(f"{path} is a table of {raw.shape[1]:,} columns: {SHAPES}. {_table_advice(raw.shape[1])}")
    if raw.shape[1] != 2 or raw.dtype.kind not in "fiu":
        raise Refusal(f"{path} has {raw.dtype} of shape {raw.shape}: {SHAPES}.")
    reach = max(map(abs, value_range(path, raw)))
    x = torch.from_numpy(np.array(raw, dtype=np.float32))
    return Plane(reach * 1.1 or 1.0), _split(x, mask), f"Points with coordinates of up to {reach:.3g}."


def _table_advice(columns: int) -> str:
    """What to save instead of rows of so many numbers."""
    points = "Two of its columns are points: save `x = x[:, [0, 1]]`."
    for channels in (1, 3):
        side = math.isqrt(columns // channels)
        if side >= _SIDE and channels * side**2 == columns:
            axes = f"{side}, {side}" if channels == 1 else f"{channels}, {side}, {side}"
            return f"If its rows are images: save `x = x.reshape(-1, {axes})`. {points}"
    return points


def _images(path: Path, name: str, raw: np.ndarray, layout: str, mask: Tensor | None) -> tuple[Space, Split, str]:
    """Images, decoded in memory or, if they are large, in a file of the cache."""
    images = detect_layout(path, raw, layout)
    if mask is not None or len(raw) * int(np.prod(images.shape)) <= LARGE:
        x = torch.from_numpy(np.concatenate([images.convert(part) for part in chunks(raw)]))
        return Image(*images.shape), _split(x, mask), images.remark
    state = path.stat()
    identity = cache_key(str(path.resolve()), state.st_size, state.st_mtime_ns, name, images.shape, images.remark)
    rows = (row for part in chunks(raw) for row in images.convert(part))
    arrays = cached_arrays("arrays", identity, lambda folder: write_split(rows, images.shape, "uint8", folder))
    x, out, mask = (torch.from_numpy(arrays[part]) for part in ("x", "held_out", "chosen"))
    return Image(*images.shape), (x, out, mask), images.remark


def _split(x: Tensor, mask: Tensor | None) -> Split:
    mask = held_out_mask(x) if mask is None else mask
    return x[~mask], x[mask], mask
