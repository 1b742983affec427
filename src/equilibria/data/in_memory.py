"""Samples that Python has in memory, stored once by their content, so that runs on them can be continued."""

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ..core.errors import Refusal, as_refusal
from ..core.files import atomic, cache_root
from .cache import STORE
from .dataset import Data

_KINDS = "an array, a tensor, (samples, labels), a torch Dataset, or a list of arrays, PIL images or (sample, label)"
_LABELS = ("label", "labels")  # of rows that are dicts
_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I", "I;16", "F")  # which PNG has; the last one is refused


def stored_data(data: Any) -> Any:
    """The path of a file with samples in memory, by their content; a name or a path as it is.

    Samples are arrays or tensors (N, ...), with labels as a tuple (x, y); a Dataset or DataLoader, whose rows are
    samples, (sample, label) or {"image": sample, "label": label}; a list of these or of PIL images; or Data, which
    keeps its held-out part. In a mapping they are the name. Raises Refusal for anything else.
    """
    if isinstance(data, Mapping):
        return {**data, "name": stored_data(data.get("name"))}
    if data is None or isinstance(data, str) or hasattr(data, "__fspath__"):
        return data
    if isinstance(data, Data):
        stem = re.sub(r"[^\w.-]+", "-", Path(data.name).stem).strip("-.")
        return _array_file(_data_arrays(data), f"{stem or 'array'}.npz")
    samples, labels = _samples_and_labels(data)
    with as_refusal(f"The data cannot be read ({_KINDS} is needed)", TypeError, ValueError, OSError):
        if len(samples) == 0:
            raise Refusal("The data holds no samples.")
        y = {} if labels is None else {"y": _array(labels)}
        if isinstance(samples[0], PIL.Image.Image):
            return _archive(samples, **y)
        if (x := _array(samples)).dtype.kind not in "biufc":
            names = " File names: give their folder, or [PIL.Image.open(name) for name in names]."
            raise Refusal(f"The data holds {x.dtype}, no numbers: {_KINDS} is needed.{names * (x.dtype.kind == 'U')}")
        return _array_file({"x": x} | y)


def _samples_and_labels(data: Any) -> tuple[Any, Any]:
    """The samples, an array, a tensor or a list, and their labels, or None."""
    if isinstance(data, tuple) and len(data) == 2:
        return data
    data = data.dataset if isinstance(data, DataLoader) else data
    indexed = (
        hasattr(data, "__getitem__") and not isinstance(data, Sequence | Mapping) and not hasattr(data, "__array__")
    )
    if isinstance(data, Dataset) or indexed:
        data = [data[i] for i in range(len(data))] if hasattr(data, "__len__") else list(data)
    first = data[0] if isinstance(data, Sequence) and data else None
    if isinstance(first, Mapping):
        return _columns(data, first)
    if not isinstance(first, tuple | list) or not isinstance(first[0], PIL.Image.Image | Tensor | np.ndarray):
        return data if hasattr(data, "__len__") else np.asarray(data), None
    return [row[0] for row in data], [row[1] for row in data] if len(first) > 1 else None


def _columns(rows: Sequence[Any], first: Mapping[str, Any]) -> tuple[Any, Any]:
    """The samples and the labels of rows that are dicts. Raises Refusal unless one of their keys holds samples."""
    labels = [key for key in first if key in _LABELS]
    samples = [k for k, v in first.items() if k not in _LABELS and isinstance(v, PIL.Image.Image | Tensor | np.ndarray)]
    if len(samples) != 1 or len(labels) > 1:
        keys = list(first) if not samples else [samples[0], *labels[:1]]
        line = "({})" if samples and labels else "{}" if samples else "[{}]"
        line = line.format(", ".join(f"row[{key!r}]" for key in keys))
        what = f"The rows are dicts with the keys {', '.join(map(str, first))}"
        raise Refusal(f"{what}: choose the samples with data=[{line} for row in data].")
    return [row[samples[0]] for row in rows], [row[labels[0]] for row in rows] if labels else None


def _array(values: Any) -> np.ndarray:
    """Numbers or names, from an array, a tensor or a list; None becomes an empty name. Raises Refusal for no array."""
    if isinstance(values, Tensor):
        values = values.detach().cpu()
        return (values.float() if values.dtype == torch.bfloat16 else values).numpy()
    if not isinstance(values, Sequence):
        return np.asarray(values)
    if any(value is None for value in values):
        return np.array(["" if value is None else str(value) for value in values])
    rows = [_array(value) if isinstance(value, Tensor) else np.asarray(value) for value in values]
    if len(shapes := sorted({row.shape for row in rows})) > 1:
        some = f"such as {shapes[0]} and {shapes[1]}"
        raise Refusal(f"The samples have several shapes, {some}: give them one, or PIL images, which are resized.")
    return np.stack(rows)


def _data_arrays(data: Data) -> dict[str, np.ndarray]:
    """The samples and labels of both parts, classes by name, and which are held out."""
    x, count = torch.cat([data.x, data.held_out]), len(data.x)
    arrays = {"x": _array(x), "held_out": np.arange(len(x)) >= count}
    if data.labels is None or data.y is None or data.held_out_y is None:
        return arrays
    y, names = _array(torch.cat([data.y, data.held_out_y])), data.labels.names
    by_name = data.labels.kind == "class" and names != tuple(map(str, range(len(names))))
    return arrays | {"y": np.array([*names, ""])[y] if by_name else y}


def _array_file(arrays: Mapping[str, Any], name: str = "array.npz") -> str:
    content = (part for a in arrays.values() for part in (f"{a.dtype} {a.shape}".encode(), a.tobytes()))
    return _store(content, name, lambda file: np.savez(file, **arrays))


def _archive(images: Sequence[PIL.Image.Image], y: np.ndarray | None = None) -> str:
    """An archive of PNG files, with a table of the labels."""
    files = dict[str, bytes]()
    for i, image in enumerate(images):
        picture = io.BytesIO()
        (image if image.mode in _MODES else image.convert("RGB")).save(picture, "PNG", compress_level=1)
        files[f"{i:06}.png"] = picture.getvalue()
    if y is not None and len(y) != len(files):
        raise Refusal(f"There are {len(files):,} images and {len(y):,} labels: give one for each.")
    if y is not None:
        files["dataset.json"] = json.dumps({"labels": list(zip(files, y.tolist(), strict=True))}).encode()

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w") as archive:
            for name, content in files.items():
                archive.writestr(name, content)

    return _store(files.values(), "images.zip", write)


def _store(content: Iterable[bytes], name: str, write: Callable[[IO[bytes]], None]) -> str:
    """The path of a file in the cache, in a folder by this content. Raises Refusal if it cannot be written."""
    total = hashlib.blake2b(digest_size=8)
    for part in content:
        total.update(part)
    path = cache_root() / STORE / total.hexdigest() / name
    with as_refusal(f"{cache_root()} cannot be written (EQUILIBRIA_CACHE sets another folder)", OSError):
        if not path.exists():
            with atomic(path, unique=True) as temporary, temporary.open("wb") as file:
                write(file)
    return str(path)
