"""Files and folders that appear whole under their own names, or not at all."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import Failure, Refusal

PART = ".part"


def output_path(out: str | Path, kinds: Collection[str], force: bool = False) -> Path:
    """Where to write. Raises Refusal for a suffix that is none of these (`""`: a folder), and rather than write over.

    Ask before the work begins, so that nothing is made in vain.
    """
    path = Path(out).expanduser()
    kind = path.suffix.lower()
    if kind not in kinds:
        *others, last = [known or "/" for known in kinds]
        raise Refusal(f"--out is {str(path)!r}: end it in {', '.join(others)}{' or ' if others else ''}{last}.")
    if kind and path.is_dir():
        raise Refusal(f"{path} is a folder: choose another --out.")
    if not kind and path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another --out for a folder.")
    if not force and (path.exists() if kind else path.is_dir() and any(path.iterdir())):
        raise Refusal(f"{path} exists: choose another --out, or write over it with --force.")
    return path


@contextmanager
def atomic(path: Path, unique: bool = False) -> Iterator[Path]:
    """A name to write a file or a folder under, which becomes the right one when all is written; else nothing stays.

    Files that were in a folder stay in it. `unique`: other processes may write the same path at the same time.
    """
    part = path.with_name(f".{path.name}{f'.{os.getpid()}' if unique else ''}{PART}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove(part)
        yield part
        if path.is_dir() and part.is_dir():
            _merge(part, path)
        else:
            part.replace(path)
    finally:
        with contextlib.suppress(OSError):
            _remove(part)


@contextmanager
def atomic_output(path: Path) -> Iterator[Path]:
    """The same for what a user asked for. Raises Failure where it cannot be written."""
    try:
        with atomic(path) as part:
            yield part
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror or error}.") from error


def write_atomic(path: Path, content: bytes) -> None:
    """A whole file that is on the disk when this returns, or the one that was there before."""
    with atomic(path) as part, part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(PermissionError, NotImplementedError):  # the folder's entries, where systems allow that
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _merge(part: Path, path: Path) -> None:
    """Move what is in a folder into another, subfolders likewise."""
    for file in part.iterdir():
        if file.is_dir() and (path / file.name).is_dir():
            _merge(file, path / file.name)
        else:
            file.replace(path / file.name)


def _remove(part: Path) -> None:
    shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
