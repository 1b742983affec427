"""Arrays in .npy and .npz files of unknown origin: headers are judged before anything is read."""

import math
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from ...core.errors import Refusal

_MOST = 8 << 30  # bytes of one array, packed in an .npz
_SUSPICIOUS, _RATIO = 256 << 20, 200  # an array above that size may not be packed more tightly than this


class Header(NamedTuple):
    """What a file says of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype


def headers(path: Path) -> dict[str, Header]:
    """The arrays in a file by name; an .npy has one, called after the file."""
    with _explained(path):
        if path.suffix == ".npy":
            with path.open("rb") as file:
                return {path.stem: _header(path, path.stem, file, path.stat().st_size)}
        with zipfile.ZipFile(path) as archive:
            members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
            return {info.filename.removesuffix(".npy"): _member(path, archive, info) for info in members}


def read(path: Path, name: str) -> np.ndarray:
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
