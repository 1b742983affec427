"""Where data is stored: the data root, files of published sets, and the cache of decoded arrays."""

import contextlib
import hashlib
import json
import math
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core.download import download
from ..core.errors import Failure, Refusal, as_refusal
from ..core.files import cache_root, try_lock, user_path
from .dataset import held_out_mask


def data_root(root: Path | None) -> Path:
    """The folder of published data sets: `root`, else EQUILIBRIA_DATA, else `data` in the cache."""
    place = root or os.environ.get("EQUILIBRIA_DATA")
    return user_path(place) if place else cache_root() / "data"


def locate(name: str, folders: Sequence[str], root: Path | None) -> Path | None:
    """The first file or folder of this name in the set's own folders or in the root itself; None if there is none."""
    roots = [data_root(root), cache_root() / "data"]  # the second holds downloads where the first is read-only
    candidates = [place / folder / name for place in roots for folder in (*folders, "")]
    return next((path for path in candidates if path.exists()), None)


STORE = "python"  # the folder in the cache of samples that were in memory
LARGE = 256 << 20  # bytes: a larger array is mapped from its file, not read
_FORMAT = 1
_UNFINISHED, _FRESH = ".making-", 60.0  # the prefix of unfinished folders; seconds in which one may not be locked yet
_CHUNK = 256  # rows

Arrays = dict[str, np.ndarray]


def cache_key(*parts: Any) -> str:
    """The name of a cache entry: a hash of the plain values that determine its content."""
    return hashlib.sha256(json.dumps([_FORMAT, *parts], default=str).encode()).hexdigest()[:32]


def cached_arrays(kind: str, name: str, write: Callable[[Path], None]) -> Arrays:
    """The arrays that `write` saves in a folder as .npy files, from the cache if they are there.

    Raises Failure if they cannot be saved.
    """
    home = cache_root() / kind
    if (home / name).is_dir():
        try:
            return _arrays(home / name, LARGE)
        except (OSError, ValueError):  # damaged: write it again
            shutil.rmtree(home / name, ignore_errors=True)
    try:
        home.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(home)
        folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=home))
    except OSError:  # no cache: read all of it
        with tempfile.TemporaryDirectory() as temporary:
            _written(Path(temporary), write)
            return _arrays(Path(temporary), math.inf)
    handle = os.open(folder, os.O_RDONLY)
    try:
        try_lock(handle)
        _written(folder, write)
        with contextlib.suppress(OSError):  # another process was faster
            folder.rename(home / name)
        return _arrays(home / name, LARGE)
    finally:
        os.close(handle)
        shutil.rmtree(folder, ignore_errors=True)


def _remove_abandoned(home: Path) -> None:
    """Remove the unfinished folders of processes that were killed; those that are at work hold a lock."""
    for folder in home.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                if time.time() - folder.stat().st_mtime > _FRESH and try_lock(handle):
                    shutil.rmtree(folder)
            finally:
                os.close(handle)


def write_split(rows: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, folder: Path) -> None:
    """Write rows of `shape`, one at a time, to x.npy and held_out.npy; the mask of those held out to chosen.npy."""
    raw, count = folder / "rows.raw", 0
    with raw.open("wb") as file:
        for row in rows:
            file.write(row.tobytes())
            count += 1
    everything = np.memmap(raw, dtype, "c", shape=(count, *shape))
    out = held_out_mask(torch.from_numpy(everything)).numpy()
    np.save(folder / "chosen.npy", out)
    for name, mask in (("x", ~out), ("held_out", out)):
        indices = np.flatnonzero(mask)
        with (folder / f"{name}.npy").open("wb") as file:  # written, not mapped: a full disk is then an error
            header = {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": (len(indices), *shape)}
            np.lib.format.write_array_header_1_0(file, header)
            for start in range(0, len(indices), _CHUNK):
                file.write(everything[indices[start : start + _CHUNK]].tobytes())
    del everything
    raw.unlink()


def _arrays(folder: Path, mapped_above: float) -> Arrays:
    def read(path: Path) -> np.ndarray:
        return np.load(path, mmap_mode="c" if path.stat().st_size > mapped_above else None, allow_pickle=False)

    return {path.stem: read(path) for path in folder.glob("*.npy")}


def _written(folder: Path, write: Callable[[Path], None]) -> None:
    try:
        write(folder)
        for path in folder.iterdir():
            with path.open("rb") as file:
                os.fsync(file.fileno())
    except OSError as error:
        raise Failure(
            f"The decoded data cannot be saved in {folder.parent}: {error.strerror or error}. Free some space there, "
            "or set EQUILIBRIA_CACHE to another folder."
        ) from None


@dataclass(frozen=True)
class PublishedFile:
    """A file of a published data set."""

    name: str
    md5: str
    url: str


def obtain(title: str, files: Sequence[PublishedFile], folders: Sequence[str], root: Path | None) -> list[Path]:
    """The paths of a set's files, with verified content; missing ones are downloaded. Raises Refusal if one is not."""
    missing = [file for file in files if locate(file.name, folders, root) is None]
    try:
        for file in missing:
            download(file.url, _writable(folders[0], root) / file.name, "md5", file.md5)
    except OSError as error:
        raise Refusal(
            f"{title} is not here and could not be downloaded ({getattr(error, 'reason', None) or error}): put "
            f"{', '.join(file.name for file in missing)} into {data_root(root) / folders[0]}, or give another folder "
            "with --data-root or EQUILIBRIA_DATA."
        ) from None
    paths = [locate(file.name, folders, root) for file in files]
    return [_verified(title, path, file.md5) for path, file in zip(paths, files, strict=True) if path]


def _verified(title: str, path: Path, md5: str) -> Path:
    with as_refusal(f"{path} cannot be read", OSError), path.open("rb") as file:
        actual = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if actual != md5:
        raise Refusal(
            f"{path} is not the published file of {title}: its md5 is {actual}, expected {md5}. "
            "Remove it or replace it with the original."
        )
    return path


def _writable(folder: str, root: Path | None) -> Path:
    """The folder for a download: under the data root, or in the cache if that is read-only."""
    for place in (data_root(root) / folder, cache_root() / "data" / folder):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    raise PermissionError(f"neither {data_root(root)} nor {cache_root()} can be written")
