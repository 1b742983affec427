"""Which kind of labels an array holds."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal
from ..records import Labels

_MOST_CLASSES = 1000


def labels_of(path: Path, raw: np.ndarray, count: int) -> tuple[Labels, Tensor, str]:
    """Classes (N,), of integers or names; attributes (N, K), of 0 and 1; numbers (N, K). With a sentence saying which.

    Rows (N, K) with exactly one 1 each are classes.
    """
    if len(raw) != count or raw.ndim not in (1, 2):
        raise Refusal(f"{path} has labels of shape {raw.shape} for {count:,} samples: (N,) or (N, K) are expected.")
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        raise Refusal(f"{path} has labels that are not finite (NaN or infinity).")
    if raw.dtype.kind not in "biufUS":
        raise Refusal(f"{path} has labels of type {raw.dtype}: numbers or names are expected.")
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.dtype.kind in "US" and raw.ndim == 2:
        raise Refusal(f"{path} has names of shape {raw.shape} as labels: one a sample, (N,), is expected.")
    if raw.ndim == 1:
        return _vector(raw[:, None]) if raw.dtype.kind == "f" else _classes(path, raw)
    if not np.isin(raw, (0, 1)).all():
        return _vector(raw)
    if (raw.sum(axis=1) == 1).all():
        names = tuple(map(str, range(raw.shape[1])))
        return Labels("class", names), torch.from_numpy(raw.argmax(axis=1)), f"Labels: {len(names)} classes, one-hot."
    names = tuple(map(str, range(raw.shape[1])))
    return Labels("multi-hot", names), torch.from_numpy(raw.astype(np.float32)), f"Labels: {len(names)} attributes."


def _classes(path: Path, raw: np.ndarray) -> tuple[Labels, Tensor, str]:
    values, places = np.unique(raw, return_inverse=True)
    if len(values) > _MOST_CLASSES:
        raise Refusal(f"{path} has {len(values):,} different labels: more than {_MOST_CLASSES:,} are not classes.")
    names = tuple(value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
    return Labels("class", names), torch.from_numpy(places.astype(np.int64)), f"Labels: {len(names)} classes."


def _vector(raw: np.ndarray) -> tuple[Labels, Tensor, str]:
    names = tuple(map(str, range(raw.shape[1])))
    return (
        Labels("vector", names),
        torch.from_numpy(raw.astype(np.float32)),
        f"Labels: vectors of {len(names)} numbers.",
    )
