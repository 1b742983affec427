"""Which kind of labels an array holds."""

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...core.errors import Refusal
from ..records import Labels

_MOST_CLASSES = 1000


def labels_of(path: Path, raw: np.ndarray, count: int) -> tuple[Labels, Tensor]:
    """Classes (N,), of integers or names; attributes (N, K), of 0 and 1; numbers (N, K).

    Rows (N, K) with a single 1 each are classes.
    """
    if len(raw) != count or raw.ndim not in (1, 2):
        raise Refusal(f"{path} has labels of shape {raw.shape} for {count:,} samples: (N,) or (N, K) are expected.")
    if raw.dtype.kind not in ("biufUS" if raw.ndim == 1 else "biuf"):
        raise Refusal(f"{path} has labels of type {raw.dtype} and shape {raw.shape}: numbers, or a name each, (N,).")
    if raw.dtype.kind == "f" and not np.isfinite(raw).all():
        raise Refusal(f"{path} has labels that are not finite (NaN or infinity).")
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 1:
        return _numbers(raw[:, None]) if raw.dtype.kind == "f" else _classes(path, raw)
    if not np.isin(raw, (0, 1)).all():
        return _numbers(raw)
    if (raw.sum(axis=1) == 1).all():
        return Labels("class", _counted(raw)), torch.from_numpy(raw.argmax(axis=1))
    return Labels("multi-hot", _counted(raw)), torch.from_numpy(raw.astype(np.float32))


def _classes(path: Path, raw: np.ndarray) -> tuple[Labels, Tensor]:
    values, places = np.unique(raw, return_inverse=True)
    if len(values) > _MOST_CLASSES:
        raise Refusal(f"{path} has {len(values):,} different labels: more than {_MOST_CLASSES:,} are not classes.")
    names = tuple(value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values)
    return Labels("class", names), torch.from_numpy(places.astype(np.int64))


def _numbers(raw: np.ndarray) -> tuple[Labels, Tensor]:
    return Labels("vector", _counted(raw)), torch.from_numpy(raw.astype(np.float32))


def _counted(raw: np.ndarray) -> tuple[str, ...]:
    return tuple(map(str, range(raw.shape[1])))
