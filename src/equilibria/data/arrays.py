"""Reading .npy and .npz files safely: headers, axis order, value range, kind of labels."""

import math
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..core.errors import Refusal, nearest
from .dataset import Labels

_MOST = 8 << 30  # bytes of one array, packed in an .npz
_SUSPICIOUS, _RATIO = 256 << 20, 200  # an array above that size may not be packed more tightly than this


class Header(NamedTuple):
    """What a file says of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype


def read_headers(path: Path) -> dict[str, Header]:
    """The arrays in a file by name; an .npy has one, called after the file."""
    with _explained(path):
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {path.stem: _header(path, path.stem, file, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            return {info.filename.removesuffix(".npy"): _member(path, archive, info) for info in members}


def read_array(path: Path, name: str) -> np.ndarray:
    """One array, mapped from an .npy, unpacked from an .npz; call `headers` first."""
    with _explained(path):
        if path.suffix == ".npy":
            return np.load(path, mmap_mode="r", allow_pickle=False)
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Header:
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > _MOST or (info.file_size > _SUSPICIOUS and ratio > _RATIO):
        raise Refusal(
            f"{path}: {info.filename!r} would unpack to {info.file_size / 2**30:.1f} GiB from "
            f"{info.compress_size / 2**20:.1f} MiB, and is not read. Save it as an .npy file if it is meant."
        )
    with archive.open(info) as file:
        return _header(path, info.filename, file, info.file_size)


def _header(path: Path, name: str, file: IO[bytes], size: int) -> Header:
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    elif version == (2, 0):
        shape, _, dtype = np.lib.format.read_array_header_2_0(file)
    else:
        raise Refusal(f"{path}: {name!r} has array format {version}, expected 1.0 or 2.0: save it without field names.")
    if dtype.hasobject or dtype.names:
        raise Refusal(
            f"{path}: {name!r} holds Python objects, which could run code when read, and is not read. "
            "Save plain numbers: np.save(path, np.stack(list_of_images))."
        )
    if math.prod(shape) * dtype.itemsize > size:
        raise Refusal(f"{path}: {name!r} claims shape {shape}, more than the file holds: it is damaged.")
    return Header(shape, dtype)


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except (OSError, EOFError, ValueError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        if isinstance(error, Refusal):
            raise
        raise Refusal(f"{path} cannot be read as arrays: {error}.") from None


_MOST_CLASSES = 1000


def detect_labels(path: Path, raw: np.ndarray, count: int) -> tuple[Labels, Tensor]:
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


_LAYOUTS = ("auto", "channels_first", "channels_last")
_BYTES = 64 << 20  # looked at in one go
_SLACK = 1e-3  # rounding that a range may exceed its bounds by


class ImageLayout(NamedTuple):
    """How an array is read as images."""

    shape: tuple[int, int, int]  # (C, H, W)
    convert: Callable[[np.ndarray], np.ndarray]  # some of its samples to (n, C, H, W) uint8
    remark: str


def detect_layout(path: Path, raw: np.ndarray, layout: str) -> ImageLayout:
    """Which axes and which range an array of images has: (N, H, W), (N, H, W, C) or (N, C, H, W)."""
    last, said = _channels_last(path, raw.shape, layout)
    scale, offset, meant = _range(path, raw)
    shape = (raw.shape[3], *raw.shape[1:3]) if last else raw.shape[1:] if raw.ndim == 4 else (1, *raw.shape[1:])

    def convert(part: np.ndarray) -> np.ndarray:
        part = part.transpose(0, 3, 1, 2) if last else part.reshape(len(part), *shape)
        if (scale, offset) == (1.0, 0.0):
            return part.astype(np.uint8)
        return np.rint(part.astype(np.float32) * scale + offset).clip(0, 255).astype(np.uint8)

    return ImageLayout(shape, convert, f"{said} {meant}")


def chunks(raw: np.ndarray) -> Iterator[np.ndarray]:
    """An array in parts of bounded size, whole samples each."""
    step = max(1, _BYTES // max(raw.nbytes // max(len(raw), 1), 1))
    return (raw[start : start + step] for start in range(0, len(raw), step))


def value_range(path: Path, raw: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value; refused where one is not a number."""
    pairs = [(float(part.min()), float(part.max())) for part in chunks(raw)]
    least, most = min(pair[0] for pair in pairs), max(pair[1] for pair in pairs)
    if not np.isfinite([p for pair in pairs for p in pair]).all():
        raise Refusal(f"{path} holds values that are not finite (NaN or infinity): remove those samples first.")
    return least, most


def _channels_last(path: Path, shape: tuple[int, ...], layout: str) -> tuple[bool, str]:
    if layout not in _LAYOUTS:
        raise Refusal(f"No layout is called {layout!r}.{nearest(layout, _LAYOUTS)}")
    if len(shape) == 3:
        return False, f"Shape {shape} was read as (N, H, W)."
    if len(shape) != 4:
        raise Refusal(f"{path} has shape {shape}: images are (N, H, W), (N, H, W, C) or (N, C, H, W), points (N, 2).")
    few_last, few_first = shape[3] <= 4, shape[1] <= 4
    if layout == "auto" and not few_last and not few_first:
        raise Refusal(f"{path} has shape {shape}: say layout=channels_first or layout=channels_last.")
    last = layout == "channels_last" or (layout == "auto" and few_last)
    why = "as asked" if layout != "auto" else "at most four channels"
    return last, f"Shape {shape} was read as {'(N, H, W, C)' if last else '(N, C, H, W)'} ({why})."


def _range(path: Path, raw: np.ndarray) -> tuple[float, float, str]:
    """Factor and offset to bytes, and the sentence that says so."""
    if raw.dtype.kind not in "biuf":
        raise Refusal(f"{path} holds {raw.dtype}: images are uint8, or floats in [0, 1] or [-1, 1].")
    if raw.dtype.kind == "b":
        return 255.0, 0.0, "False and True became 0 and 255."
    least, most = value_range(path, raw)
    if raw.dtype.kind in "iu" and least >= 0 and 1 < most <= 255:
        return 1.0, 0.0, f"Values from {least:.0f} to {most:.0f} were kept as bytes."
    if least >= -_SLACK and most <= 1 + _SLACK:
        return 255.0, 0.0, f"Values from {least:.3g} to {most:.3g} were taken as [0, 1] and kept in 256 steps."
    if least >= -1 - _SLACK and most <= 1 + _SLACK:
        return 127.5, 127.5, f"Values from {least:.3g} to {most:.3g} were taken as [-1, 1] and kept in 256 steps."
    raise Refusal(
        f"{path} holds {raw.dtype} from {least:.6g} to {most:.6g}: expected are uint8 (0 to 255), "
        "or floats in [0, 1] or [-1, 1]."
    )
