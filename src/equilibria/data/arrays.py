"""Reading .npy and .npz files safely: headers, axis order, value range, kind of labels."""

import math
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
import torch

from ..core.errors import Refusal, as_refusal, nearest
from .dataset import Labels, first_names
from .labels import AUTO, LabelColumn, class_column, number_columns

SHAPES = "images are (N, H, W), (N, H, W, C) or (N, C, H, W), points are numbers (N, 2)"
LABEL_NAMES = ("labels", "y")
_LAYOUTS = ("auto", "channels_first", "channels_last")
_MOST = 8 << 30  # bytes of one array in an .npz
SUSPICIOUS, RATIO = 256 << 20, 50  # what is larger than this many bytes may not be compressed more than this
_CHUNK = 64 << 20  # bytes
BROKEN: tuple[type[Exception], ...] = (OSError, EOFError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error)
BROKEN += (ArithmeticError, SyntaxError, tokenize.TokenError)  # of NumPy's reader of headers
_SLACK = 1e-3  # rounding error by which values may exceed a range
_OVERSHOOT = 32  # by which resized images may exceed 0 and 255
_SIGNED_BYTE = 128  # by which signed bytes lie below 0
_FEW = 64  # of 256 steps


Shape = tuple[int, ...]


class ImageLayout(NamedTuple):
    """How an array is read as images."""

    shape: tuple[int, int, int]  # (C, H, W)
    convert: Callable[[np.ndarray], np.ndarray]  # some of its samples to (n, C, H, W) uint8
    remark: str


def read_shapes(path: Path) -> dict[str, Shape]:
    """The shapes of arrays in a file by name; an .npy's is the file's. Raises Refusal for unsafe or broken files."""
    with as_refusal(f"{path} cannot be read as arrays", *BROKEN):
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {path.stem: _header(path, path.stem, file, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            return {info.filename.removesuffix(".npy"): _member(path, archive, info) for info in members}


def read_array(path: Path, name: str) -> np.ndarray:
    """One array, mapped from an .npy, unpacked from an .npz; call `read_shapes` first."""
    with as_refusal(f"{path} cannot be read as arrays", *BROKEN):
        if path.suffix == ".npy":
            return np.load(path, mmap_mode="r", allow_pickle=False)
        with np.load(path, allow_pickle=False) as archive:
            return archive[name]


def _member(path: Path, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Shape:
    ratio = info.file_size / max(info.compress_size, 1)
    if info.file_size > _MOST or (info.file_size > SUSPICIOUS and ratio > RATIO):
        raise Refusal(
            f"{path}: {info.filename!r} would unpack to {info.file_size / 2**30:.1f} GiB from "
            f"{info.compress_size / 2**20:.1f} MiB, so it is not read. If this is intended, save it as an .npy file."
        )
    with archive.open(info) as file:
        return _header(path, info.filename, file, info.file_size)


def _header(path: Path, name: str, file: IO[bytes], size: int) -> Shape:
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    version = np.lib.format.read_magic(file)
    if version not in readers:
        raise Refusal(f"{path}: {name!r} has array format {version}: save it without field names, in 1.0 or 2.0.")
    shape, _, dtype = readers[version](file)
    if dtype.hasobject or dtype.names:
        lines = "`y = y.astype(str)` for labels", "`x = np.stack(list(x))` for images"
        labels = Path(name).stem in LABEL_NAMES and len(shape) == 1
        raise Refusal(
            f"{path}: {name!r} holds Python objects, which could run code, so it is not read: save plain values, "
            f"{lines[0] if labels else ', '.join(lines[::-1])}."
        )
    if not dtype.itemsize:
        raise Refusal(f"{path}: {name!r} holds {dtype}, values without a size: save numbers, or texts with letters.")
    if math.prod(shape) * dtype.itemsize > size:
        raise Refusal(f"{path}: {name!r} has shape {shape}, more than the file holds: it is damaged.")
    return tuple(shape)


def detect_labels(path: Path, raw: np.ndarray, count: int, unknown: str = AUTO) -> LabelColumn:
    """The labels in an array.

    Integers or names (N,) are classes, and so are rows (N, K) with a single 1 each, and whole floats (N,) with NaN;
    other rows of 0 and 1 are attributes; floats (N,) and all other numbers (N, K) are numbers. NaN, -1 and names such
    as `unlabelled` are unknown: see `class_column`. Raises Refusal for anything else.
    """
    if len(raw) != count or raw.ndim not in (1, 2):
        raise Refusal(f"{path} has labels of shape {raw.shape} for {count:,} samples: (N,) or (N, K) is needed.")
    if raw.dtype.kind not in ("biufUS" if raw.ndim == 1 else "biuf"):
        raise Refusal(
            f"{path} has labels of type {raw.dtype} and shape {raw.shape}: numbers, or one name per sample, are needed."
        )
    if raw.dtype.kind == "f" and (np.isinf(raw).any() or np.isnan(raw).all()):
        raise _not_finite(path, raw, ("labels", "y", "the samples"), "save the samples without labels")
    if raw.ndim == 2 and raw.shape[1] == 1:
        raw = raw[:, 0]
    if raw.ndim == 1 and (raw.dtype.kind != "f" or _are_gapped_integers(raw)):
        return _classes(raw, unknown)
    rows = raw.reshape(len(raw), -1).astype(float)
    column = number_columns(rows, tuple(map(str, range(rows.shape[1]))))
    if raw.ndim == 1:
        hint = "The labels, floats, were read as numbers: save `y = y.astype(int)` if they are classes."
        labels = Labels("vector", ("0",))
        return column._replace(labels=labels, remarks=(*column.remarks, hint) if _are_whole(raw) else column.remarks)
    absent = np.isnan(rows).any(axis=1)
    if column.labels is not None and column.labels.kind == "multi-hot" and (rows[~absent].sum(axis=1) == 1).all():
        y = np.where(absent, -1, np.nan_to_num(rows).argmax(axis=1))
        remarks = ("The labels, rows with a single 1 each, were read as classes.", *column.remarks)
        return LabelColumn(Labels("class", column.labels.names), torch.from_numpy(y), remarks)
    return column


def _are_gapped_integers(raw: np.ndarray) -> bool:
    """Whether floats (N,) are whole numbers and NaN, as a table has integers with gaps."""
    return bool(np.isnan(raw).any()) and _are_whole(raw[np.isfinite(raw)])


def _classes(raw: np.ndarray, unknown: str) -> LabelColumn:
    if raw.dtype.kind == "f":
        names = ["nan" if math.isnan(value) else str(int(value)) for value in raw.tolist()]
    else:
        names = [each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in raw.tolist()]
    order = dict.fromkeys(names[place] for place in np.unique(raw, return_index=True)[1])
    column = class_column(names, unknown, list(order))
    more = ("The labels, whole numbers and NaN, were read as classes.",) if raw.dtype.kind == "f" else ()
    return column._replace(remarks=(*more, *column.remarks))


def detect_layout(path: Path, raw: np.ndarray, layout: str) -> ImageLayout:
    """The axes and the range of an array of images: (N, H, W), (N, H, W, C) or (N, C, H, W). Raises Refusal."""
    last, axes = _channels_last(path, raw.shape, layout)
    shape = (raw.shape[3], *raw.shape[1:3]) if last else raw.shape[1:] if raw.ndim == 4 else (1, *raw.shape[1:])
    form = f"{shape[1]} x {shape[2]}" + (f" with {shape[0]} channels" if shape[0] > 1 else "")
    axes = f"Shape {raw.shape} was read as {axes}: {len(raw):,} images of {form}."
    scale, offset, values = _range(path, raw, axes)

    def convert(part: np.ndarray) -> np.ndarray:
        part = part.transpose(0, 3, 1, 2) if last else part.reshape(len(part), *shape)
        if scale == 1 and raw.dtype.kind in "iu":
            return part.astype(np.uint8)
        return np.rint(part.astype(np.float32) * scale + offset).clip(0, 255).astype(np.uint8)

    return ImageLayout(shape, convert, f"{axes} {values}{_few_steps(map(convert, chunks(raw)), raw)}")


def chunks(raw: np.ndarray) -> Iterator[np.ndarray]:
    """Consecutive samples of an array, in parts of bounded size."""
    step = max(1, _CHUNK // max(raw.nbytes // max(len(raw), 1), 1))
    return (raw[start : start + step] for start in range(0, len(raw), step))


def value_range(path: Path, raw: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest value. Raises Refusal where a value is not finite."""
    least, most = np.array([(part.min(), part.max()) for part in chunks(raw)], dtype=float).T
    if np.isfinite([least, most]).all():
        return float(least.min()), float(most.max())
    zeros = "`x = np.nan_to_num(x, posinf=0, neginf=0)` puts 0 in their place"
    raise _not_finite(path, raw, ("values", "x", "their labels"), zeros)


def _not_finite(path: Path, raw: np.ndarray, words: tuple[str, str, str], if_all: str) -> Refusal:
    """The refusal of an array (N, ...) with NaN; `words` are for its values, the array, and what belongs to it."""
    (what, name, others), axes = words, tuple(range(1, raw.ndim))
    finite = f"np.isfinite({name})" + (f".all(axis={axes})" if axes else "")
    rows = np.flatnonzero(~np.concatenate([np.isfinite(part.astype(float)).all(axis=axes) for part in chunks(raw)]))
    some = first_names([str(row) for row in rows])
    where = "every sample" if len(rows) == len(raw) else f"{len(rows):,} sample{'s' * (len(rows) > 1)} ({some})"
    advice = f"`keep = {finite}; {name} = {name}[keep]` keeps the others; do the same with {others}"
    advice = if_all if len(rows) == len(raw) else advice
    return Refusal(f"{path} has {what} that are not finite (NaN or infinity) in {where}: {advice}.")


def _channels_last(path: Path, shape: tuple[int, ...], layout: str) -> tuple[bool, str]:
    """Whether the channels are the last axis, and the names of the axes."""
    if layout not in _LAYOUTS:
        raise Refusal(f"No layout is called {layout!r}.{nearest(layout, _LAYOUTS)}")
    if len(shape) == 3:
        return False, "(N, H, W)"
    if len(shape) != 4:
        raise Refusal(f"{path} has shape {shape}: {SHAPES}.")
    few_last, few_first = shape[3] <= 4, shape[1] <= 4
    if layout == "auto" and not few_last and not few_first:
        raise Refusal(f"{path} has shape {shape}: add layout=channels_first or layout=channels_last.")
    last = layout == "channels_last" or (layout == "auto" and few_last)
    why = "by the option layout" if layout != "auto" else "an axis of at most four is the channels"
    return last, f"{'(N, H, W, C)' if last else '(N, C, H, W)'} ({why})"


def _range(path: Path, raw: np.ndarray, axes: str) -> tuple[float, float, str]:
    """Factor and offset to bytes, and the sentence about them. Raises Refusal for other values."""
    images = "images are uint8 (0 to 255), or floats in [0, 1] or [-1, 1]"
    if raw.dtype.kind == "c":
        raise Refusal(f"{path} holds {raw.dtype}, and {images}: save `x = abs(x) / abs(x).max()`, the size. {axes}")
    if raw.dtype.kind not in "biuf":
        raise Refusal(f"{path} holds {raw.dtype}, and {images}: save numbers.")
    if raw.dtype.kind == "b":
        return 255.0, 0.0, "False and True were read as 0 and 255."
    least, most = value_range(path, raw)
    if least >= -_SLACK and 1 + _SLACK < most <= 255 + _SLACK and _are_whole(raw):
        return 1.0, 0.0, f"Values from {least:.0f} to {most:.0f} were read as bytes."
    if least >= -_SLACK and most <= 1 + _SLACK:
        return 255.0, 0.0, f"Values from {least:.3g} to {most:.3g} were read as [0, 1] and rounded to 256 steps."
    if least >= -1 - _SLACK and most <= 1 + _SLACK:
        return 127.5, 127.5, f"Values from {least:.3g} to {most:.3g} were read as [-1, 1] and rounded to 256 steps."
    values = f"{raw.dtype} from {least:.6g} to {most:.6g}"
    raise Refusal(f"{path} holds {values}, and {images}: save `x = {_scaling(raw, least, most)}`. {axes}")


def _are_whole(raw: np.ndarray) -> bool:
    return raw.dtype.kind in "iu" or all((abs(part - np.rint(part)) <= _SLACK).all() for part in chunks(raw))


def _scaling(raw: np.ndarray, least: float, most: float) -> str:
    """The formula that brings an array x to [0, 1]: by its bit depth if it has one, else by its range."""
    x, span = "x.astype(float)", most - least
    if _are_whole(raw):
        signed = least < 0
        most_bits = 8 * raw.dtype.itemsize - signed if raw.dtype.kind in "iu" else 64  # a float rounds 2^64 - 1 up
        bits = min(max(round(most), round(-least) - 1, _SIGNED_BYTE - 1 if signed else 0).bit_length(), most_bits)
        half, white = (1 << bits if signed else 0), (1 << bits + signed) - 1
        if span >= white / 4:
            return f"({x} + {half}) / {white}" if half else f"{x} / {white}"
    elif least >= -_OVERSHOOT and 128 <= most <= 255 + _OVERSHOOT:
        return f"{x}.clip(0, 255) / 255"
    digits = min(6 + math.ceil(math.log10(max(abs(least), abs(most), span) / (span or 1) + 1)), 17)
    x = f"({x} {'-' if least > 0 else '+'} {abs(least):.{digits}g})" if least else x
    return f"{x} / {span or 1:.{digits}g}"


def _few_steps(parts: Iterable[np.ndarray], raw: np.ndarray) -> str:
    """A remark on images that use few of 256 steps, or nothing."""
    used = np.zeros(256, dtype=bool)
    for part in parts:
        used |= np.bincount(part.ravel(), minlength=256) > 0
        if used.sum() >= _FEW:
            return ""
    steps = np.flatnonzero(used)
    scaling = _scaling(raw, float(raw.min()), float(raw.max()))
    advice = "" if np.ptp(steps) >= _FEW else f": to use more, save `x = {scaling}`"
    return f" Steps used: {len(steps)} of 256{advice}."
