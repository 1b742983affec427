"""CIFAR-10, read from its original pickles without unpickling code."""

import gzip
import hashlib
import io
import logging
import lzma
import pickle
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any, cast

import numpy as np
import torch

from ...core.errors import Refusal, as_refusal
from ..cache import PublishedFile, cache_key, cached_arrays, locate, obtain
from ..dataset import Data, Labels
from ..spaces import Image

_MEMBER, _ARCHIVE, _MEMBERS = 64 << 20, 512 << 20, 1000  # limits: bytes of a member, bytes unpacked, members
_ALLOWED = {
    ("numpy", "ndarray"),
    ("numpy", "dtype"),
    ("numpy.core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"),
    ("_codecs", "encode"),  # how newer pickles write bytes in the older protocols
}


def read_batches(source: Path, checksums: Mapping[str, str]) -> dict[str, dict[bytes, Any]]:
    """The named batches of a folder, .tar, .tar.gz or .tar.xz. Raises Refusal if one is missing or has another md5."""
    members = _in_folder if source.is_dir() else _in_archive
    with as_refusal(f"{source} cannot be read", OSError, EOFError, tarfile.TarError, lzma.LZMAError, zlib.error):
        batches = {name: _batch(source, name, content, checksums[name]) for name, content in members(source, checksums)}
    if missing := [name for name in checksums if name not in batches]:
        raise Refusal(f"{source} has no {', '.join(missing)}: it is incomplete or another archive.")
    return batches


def _batch(source: Path, name: str, content: bytes, md5: str) -> dict[bytes, Any]:
    actual = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if actual != md5:
        raise Refusal(f"{name} in {source} is not the published file: its md5 is {actual}, expected {md5}.")
    with as_refusal(f"{name} in {source} cannot be read", Exception):  # a broken pickle raises anything at all
        batch = _Plain(io.BytesIO(content), encoding="bytes").load()
    pixels = batch.get(b"data") if isinstance(batch, dict) else None
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or pixels.ndim != 2 or pixels.shape[1] != 3072:
        raise Refusal(f"{name} in {source} does not hold pixels: uint8 of shape (N, 3072) is expected.")
    return batch


class _Plain(pickle.Unpickler):
    """An unpickler of numbers, bytes, strings, lists, dictionaries and numpy arrays, which runs no code."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise Refusal(f"A batch contains {module}.{name}, which is no array: it is not read, and nothing was run.")
        return super().find_class(module, name)


def _in_folder(source: Path, names: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    for name in names:
        path = source / name
        if path.is_file():
            with path.open("rb") as file:
                yield name, _bounded(source, name, file, path.stat().st_size)


def _in_archive(source: Path, names: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Members are read into memory by name and never extracted, so paths in the archive have no effect."""
    names_by_path = {f"cifar-10-batches-py/{name}": name for name in names}
    with _unpacked(source) as file, tarfile.open(fileobj=_Limited(source, file), mode="r|") as archive:
        for count, member in enumerate(archive, 1):
            if count > _MEMBERS:
                raise Refusal(f"{source} has more than {_MEMBERS:,} members: it is another archive.")
            content = archive.extractfile(member) if member.name in names_by_path and member.isreg() else None
            if content is not None:
                name = names_by_path.pop(member.name)
                yield name, _bounded(source, name, content, member.size)
            if not names_by_path:
                return


def _unpacked(source: Path) -> IO[bytes]:
    if source.suffix == ".gz":
        return cast(IO[bytes], gzip.open(source, "rb"))
    return lzma.open(source, "rb") if source.suffix == ".xz" else source.open("rb")


def _bounded(source: Path, name: str, file: IO[bytes], size: int) -> bytes:
    if size > _MEMBER:
        raise Refusal(f"{name} in {source} has {size:,} bytes, more than a batch can have: it is not read.")
    return file.read(_MEMBER)


class _Limited(io.RawIOBase):
    """A stream with a limited number of bytes. Raises Refusal beyond it."""

    def __init__(self, source: Path, file: IO[bytes]):
        self.source, self.file, self.rest = source, file, _ARCHIVE

    def read(self, size: int = -1) -> bytes:
        content = self.file.read(min(size, self.rest + 1) if size >= 0 else self.rest + 1)
        self.rest -= len(content)
        if self.rest < 0:
            raise Refusal(f"{self.source} unpacks to more than {_ARCHIVE >> 20} MiB: it is not read.")
        return content


ARCHIVE = PublishedFile(
    "cifar-10-python.tar.gz",
    "c58f30108f718f92721af3b95e74349a",
    "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
)
BATCHES = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
    "test_batch": "40351d587109b95175f43aff81a1287e",
}
_FOLDERS = ("cifar-10", "cifar10")
_FORMS = ("cifar-10-batches-py", "cifar-10-python.tar.gz", "cifar-10-python.tar.xz", "cifar-10-python.tar")
_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def cifar10(root: Path | None) -> Data:
    """Ten classes of objects, 32 x 32 color, 50,000 and 10,000 held out (Krizhevsky 2009)."""
    return load(BATCHES, root)


def load(checksums: Mapping[str, str], root: Path | None) -> Data:
    """The data set of batches with these md5 sums, unpacked once and then cached."""
    arrays = cached_arrays("cifar10", cache_key(dict(checksums)), lambda folder: _write(checksums, root, folder))
    x, y, held_out, held_out_y = (torch.from_numpy(arrays[part]) for part in ("x", "y", "held_out", "held_out_y"))
    return Data("cifar10", Image(3, 32, 32), x, held_out, Labels("class", _CLASSES), y, held_out_y)


def _write(checksums: Mapping[str, str], root: Path | None, folder: Path) -> None:
    places = (locate(form, _FOLDERS, root) for form in _FORMS)
    source = next((place for place in places if place is not None), None)
    source = source or obtain("CIFAR-10", [ARCHIVE], _FOLDERS, root)[0]
    logging.getLogger(__name__).warning("Unpacking %s; the result is cached.", source.name)
    batches = read_batches(source, checksums)
    train = [batches[name] for name in checksums if name.startswith("data")]
    for x, y, part in (("x", "y", train), ("held_out", "held_out_y", [batches["test_batch"]])):
        np.save(folder / f"{x}.npy", np.concatenate([batch[b"data"] for batch in part]).reshape(-1, 3, 32, 32))
        np.save(folder / f"{y}.npy", np.concatenate([batch[b"labels"] for batch in part]).astype(np.int64))
