"""Images or points in an .npy or .npz file."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal, nearest
from ..arrays import Header, ImageLayout, chunks, detect_labels, detect_layout, read_array, read_headers, value_range
from ..cache import LARGE, cache_key, cached_arrays, write_split
from ..dataset import Data, Space, held_out
from ..spaces import Image, Plane

_SAMPLES, _LABELS = ("samples", "images", "x"), ("labels", "y")

Parts = tuple[Tensor, Tensor, Tensor]  # x, held out, and which of all samples were: (N,) bool


def array(path: Path, samples: str | None = None, labels: str | None = None, layout: str = "auto") -> Data:
    """Images (N, H, W[, C]) or (N, C, H, W), or points (N, 2), in an .npy or .npz file.

    In an .npz, `samples` and `labels` name the arrays (samples, images, x or the first; labels or y, unless given);
    `layout` is channels_first or channels_last where the shape does not tell.
    """
    stored = read_headers(path)
    chosen, known = array_names(path, stored, samples, labels)
    raw = read_array(path, chosen)
    space, (x, out, mask), said = _points(path, raw) if raw.ndim == 2 else _images(path, chosen, raw, layout)
    remarks = [said, *_passed_over(path, stored, chosen, known)]
    if known is None:
        return Data(str(path), space, x, out, remarks=tuple(remarks))
    labelled = read_array(path, known)
    kind, y = detect_labels(path, labelled, len(raw))
    if kind.kind == "class" and labelled.ndim == 2:
        remarks.append("The labels, rows with a single 1 each, were read as classes.")
    return Data(str(path), space, x, out, kind, y[~mask], y[mask], tuple(remarks))


def array_names(
    path: Path, stored: Mapping[str, Header], samples: str | None = None, labels: str | None = None
) -> tuple[str, str | None]:
    """The names of the array of samples and of that of labels, if there is one."""
    known = _named(path, stored, labels, _LABELS)
    chosen = _named(path, stored, samples, _SAMPLES) or next((name for name in stored if name != known), None)
    if chosen is None or not stored[chosen].shape or 0 in stored[chosen].shape:
        raise Refusal(f"{path} holds no samples.")
    return chosen, known


def _named(path: Path, stored: Mapping[str, Header], asked: str | None, usual: tuple[str, ...]) -> str | None:
    if asked is not None and asked not in stored:
        raise Refusal(f"{path} has no array {asked!r}.{nearest(asked, stored)}")
    return asked or next((name for name in usual if name in stored), None)


def _points(path: Path, raw: np.ndarray) -> tuple[Space, Parts, str]:
    if raw.shape[1] != 2 or raw.dtype.kind not in "fiu":
        raise Refusal(f"{path} has {raw.dtype} of shape {raw.shape}: points are numbers (N, 2), images (N, H, W).")
    reach = max(map(abs, value_range(path, raw)))
    x = torch.from_numpy(np.array(raw, dtype=np.float32))
    mask = held_out(x)
    return Plane(reach * 1.1 or 1.0), (x[~mask], x[mask], mask), f"Points, the farthest coordinate at {reach:.3g}."


def _images(path: Path, name: str, raw: np.ndarray, layout: str) -> tuple[Space, Parts, str]:
    how = detect_layout(path, raw, layout)
    large = len(raw) * int(np.prod(how.shape)) > LARGE
    return Image(*how.shape), _on_disk(path, name, raw, how) if large else _in_memory(raw, how), how.remark


def _in_memory(raw: np.ndarray, how: ImageLayout) -> Parts:
    x = torch.from_numpy(np.concatenate([how.convert(part) for part in chunks(raw)]))
    mask = held_out(x)
    return x[~mask], x[mask], mask


def _on_disk(path: Path, name: str, raw: np.ndarray, how: ImageLayout) -> Parts:
    state = path.stat()
    identity = cache_key(str(path.resolve()), state.st_size, state.st_mtime_ns, name, how.shape, how.remark)
    rows = (row for part in chunks(raw) for row in how.convert(part))
    kept = cached_arrays("arrays", identity, lambda folder: write_split(rows, how.shape, "uint8", folder))
    x, out, mask = (torch.from_numpy(kept[part]) for part in ("x", "held_out", "chosen"))
    return x, out, mask


def _passed_over(path: Path, stored: Mapping[str, Header], *used: str | None) -> list[str]:
    rest = [name for name in stored if name not in used]
    return [f"Arrays of {path.name} that were not read: {', '.join(rest)}."] if rest else []
