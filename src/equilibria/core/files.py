"""Atomic output: files and folders that are complete, or do not exist."""

import contextlib
import os
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from .errors import Refusal, os_error

try:
    import fcntl
except ImportError:  # Windows: two writers are not detected there
    fcntl = None  # type: ignore[assignment]

PART = ".part"


def user_path(path: str | Path) -> Path:
    """The path of a user, ~ and ~name replaced by the folders of users. Raises Refusal where there is no such user."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise Refusal(f"{path} begins with a user's folder that is not known: write the path without ~.") from None


def cache_root() -> Path:
    """The folder of the cache: EQUILIBRIA_CACHE, else `equilibria` in the user's cache folder."""
    if place := os.environ.get("EQUILIBRIA_CACHE"):
        return user_path(place)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "equilibria"


def output_path(out: str | Path, suffixes: Collection[str], force: bool = False) -> Path:
    """The path of an output file, or of a folder for the suffix "". To be checked before the work begins.

    Raises Refusal for another suffix, and for an existing file or a folder with files unless `force`.
    """
    path = user_path(out)
    suffix = path.suffix.lower()
    if suffix not in suffixes:
        *others, last = [each or "/" for each in suffixes]
        raise Refusal(f"--out is {str(path)!r}: end it in {', '.join(others)}{' or ' if others else ''}{last}.")
    if suffix and path.is_dir():
        raise Refusal(f"{path} is a folder: choose another --out.")
    if not suffix and path.exists() and not path.is_dir():
        raise Refusal(f"{path} is a file: choose another --out for a folder.")
    if not force and (path.exists() if suffix else path.is_dir() and any(path.iterdir())):
        raise Refusal(f"{path} exists: choose another --out, or overwrite it with --force.")
    return path


@contextmanager
def atomic(path: Path, unique: bool = False) -> Iterator[Path]:
    """A temporary path for a file or a folder, which is renamed when all is written; removed if that fails.

    An existing folder keeps its other files. `unique`: other processes may write the same path at the same time.
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
    """The same for output of a verb. Raises Refusal or Failure if it cannot be written."""
    with _failure(path), atomic(path) as part:
        yield part


def write_output(path: Path, content: bytes) -> None:
    """`write_atomic` for output of a verb. Raises Refusal or Failure if it cannot be written."""
    with _failure(path):
        write_atomic(path, content)


@contextmanager
def _failure(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise os_error(error, str(path), "Choose another --out.", "written") from error


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file that is complete on disk when this returns; if that fails, the old file remains."""
    with atomic(path) as part, open(part, "xb", opener=_no_link) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(PermissionError, NotImplementedError):  # the folder's entries, if the system allows it
        handle = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _merge(part: Path, path: Path) -> None:
    """Move the contents of a folder into another, also those of subfolders."""
    for file in part.iterdir():
        if file.is_dir() and (path / file.name).is_dir():
            _merge(file, path / file.name)
        else:
            file.replace(path / file.name)


def _remove(part: Path) -> None:
    shutil.rmtree(part) if part.is_dir() and not part.is_symlink() else part.unlink(missing_ok=True)


def open_own(path: Path, mode: str) -> BinaryIO:
    """Open a file of a run, which is never a link. Raises OSError for a link."""
    return cast(BinaryIO, open(path, mode, buffering=0, opener=_no_link))


def _no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def try_lock(file: BinaryIO | int, shared: bool = False) -> bool:
    """Lock a file or folder for this process, until it is closed. False if another process holds it.

    A `shared` lock excludes only those that are not. Where the system or the file system has no locks, True.
    """
    if fcntl is None:
        return True
    try:
        fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        pass
    return True


def refuse_links(folder: Path) -> None:
    """Raise Refusal if a file or folder inside a folder is a link: what is written there would go elsewhere."""
    for place, folders, files in os.walk(folder):
        for name in sorted(folders + files):
            if (path := Path(place, name)).is_symlink():
                raise Refusal(
                    f"{path} is a link, and the files of a run are not: put a copy of the file or folder in its place, "
                    "or remove it."
                )
