"""The data root, the authors' original files, and the cache of decoded images."""

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..core.download import download
from ..core.errors import Failure, Refusal
from .dataset import held_out


def data_root(root: Path | None) -> Path:
    """The folder of the published sets: the one given, else EQUILIBRIA_DATA, else one in the user's cache."""
    given = root or os.environ.get("EQUILIBRIA_DATA")
    return Path(given).expanduser() if given else cache_root() / "data"


def cache_root() -> Path:
    """The folder for decoded copies: EQUILIBRIA_CACHE, else `equilibria` in the user's cache folder."""
    given = os.environ.get("EQUILIBRIA_CACHE")
    if given:
        return Path(given).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equilibria"


def locate(name: str, folders: Sequence[str], root: Path | None) -> Path | None:
    """The first place where a file or folder of this name is: one of the set's own folders, else the root itself."""
    roots = [data_root(root), cache_root() / "data"]  # what was downloaded beside a read-only root
    candidates = [place / folder / name for place in roots for folder in (*folders, "")]
    return next((path for path in candidates if path.exists()), None)


LARGE = 256 << 20  # bytes: above this, an array is mapped from its file, not read
_FORMAT = 1
_CHUNK = 256  # rows

Arrays = dict[str, np.ndarray]


def cache_key(*parts: Any) -> str:
    """The name of an entry: a hash of plain values that decide its content."""
    return hashlib.sha256(json.dumps([_FORMAT, *parts], default=str).encode()).hexdigest()[:32]


def cached_arrays(kind: str, name: str, write: Callable[[Path], None]) -> Arrays:
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


def write_split(rows: Iterable[np.ndarray], shape: tuple[int, ...], dtype: str, folder: Path) -> None:
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


@dataclass(frozen=True)
class PublishedFile:
    """A file, its checksum and where it can be downloaded."""

    name: str
    md5: str
    url: str


def obtain(title: str, files: Sequence[PublishedFile], folders: Sequence[str], root: Path | None) -> list[Path]:
    """Where each file of a set is, its content checked; what is absent is downloaded if a network exists."""
    missing = [file for file in files if locate(file.name, folders, root) is None]
    try:
        for file in missing:
            download(file.url, _writable(folders[0], root) / file.name, "md5", file.md5)
    except OSError as error:
        raise Refusal(absent(title, [file.name for file in missing], folders, root, error)) from None
    found = [locate(file.name, folders, root) for file in files]
    return [_checked(title, path, file.md5) for path, file in zip(found, files, strict=True) if path]


def absent(title: str, names: Sequence[str], folders: Sequence[str], root: Path | None, why: OSError) -> str:
    """The sentence for files that are neither here nor downloadable."""
    return (
        f"{title} is not here and could not be downloaded ({getattr(why, 'reason', None) or why}): put "
        f"{', '.join(names)} into {data_root(root) / folders[0]}, or name another folder with --data-root "
        "or EQUILIBRIA_DATA."
    )


def digest(path: Path) -> str:
    """The md5 of a file, as published sets state it."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _checked(title: str, path: Path, md5: str) -> Path:
    try:
        found = digest(path)
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror}.") from None
    if found != md5:
        raise Refusal(
            f"{path} is not the published file of {title}: its md5 is {found}, expected {md5}. "
            "Remove it or replace it by the original."
        )
    return path


def _writable(folder: str, root: Path | None) -> Path:
    """Where a download goes: under the data root, or in the cache when that is read-only."""
    for place in (data_root(root) / folder, cache_root() / "data" / folder):
        try:
            place.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(place, os.W_OK):
            return place
    raise PermissionError(f"neither {data_root(root)} nor {cache_root()} can be written")
