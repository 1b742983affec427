"""What was decoded once, kept as arrays."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ...core.errors import Failure
from ..split import held_out
from .places import cache_root

LARGE = 256 << 20  # bytes: above this, an array is mapped from its file, not read
_FORMAT = 1
_CHUNK = 256  # rows

Arrays = dict[str, np.ndarray]


def key(*parts: Any) -> str:
    """The name of an entry: a hash of plain values that decide its content."""
    return hashlib.sha256(json.dumps([_FORMAT, *parts], default=str).encode()).hexdigest()[:32]


def entry(kind: str, name: str, write: Callable[[Path], None]) -> Arrays:
    """The arrays that `write` leaves in a folder as .npy files, from the cache when it was called before."""
    home = cache_root() / kind
    if (home / name).is_dir():
        try:
            return _arrays(home / name, LARGE)
        except (OSError, ValueError):  # not what we wrote: make it again
            shutil.rmtree(home / name, ignore_errors=True)
    try:
        home.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".making-", dir=home))
    except OSError:  # no place to keep it: read it all
        with tempfile.TemporaryDirectory() as temporary:
            _written(Path(temporary), write)
            return _arrays(Path(temporary), None)
    try:
        _written(folder, write)
        with contextlib.suppress(OSError):  # another process was faster
            folder.rename(home / name)
        return _arrays(home / name, LARGE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def write_parts(rows: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, folder: Path) -> None:
    """Rows of `shape`, one at a time, into x.npy and held_out.npy; which of them went where into chosen.npy."""
    whole, count = folder / "rows.raw", 0
    with whole.open("wb") as file:
        for row in rows:
            file.write(row.tobytes())
            count += 1
    everything = np.memmap(whole, dtype, "c", shape=(count, *shape))
    chosen = held_out(torch.from_numpy(everything)).numpy()
    np.save(folder / "chosen.npy", chosen)
    for name, mask in (("x", ~chosen), ("held_out", chosen)):
        places = np.flatnonzero(mask)
        with (folder / f"{name}.npy").open("wb") as file:  # written, not mapped: a full disk is then an error
            header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (len(places), *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(places), _CHUNK):
                file.write(everything[places[start : start + _CHUNK]].tobytes())
    del everything
    whole.unlink()


def _arrays(folder: Path, mapped_above: int | None) -> Arrays:
    def read(path: Path) -> np.ndarray:
        large = mapped_above is not None and path.stat().st_size > mapped_above
        return np.load(path, mmap_mode="c" if large else None, allow_pickle=False)

    return {path.stem: read(path) for path in folder.glob("*.npy")}


def _written(folder: Path, write: Callable[[Path], None]) -> None:
    try:
        write(folder)
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    except OSError as error:
        raise Failure(
            f"The decoded data cannot be kept in {folder.parent}: {error.strerror or error}. Free some space there, "
            "or name another folder in EQUILIBRIA_CACHE."
        ) from None
