"""The run folder: what is written there is whole, or not there."""

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..core.errors import Failure, Refusal

try:
    import fcntl
except ImportError:  # Windows: two writers are not noticed there
    fcntl = None  # type: ignore[assignment]

EVENTS, LOCK, PART = "events.jsonl", "lock", ".part"


def create(path: Path) -> Path:
    """A new run folder. Raises Refusal for a name that is taken or a place that cannot be written."""
    refuse_taken(path)
    try:
        path.mkdir(parents=True)
    except FileExistsError:
        refuse_taken(path)
        raise Refusal(f"{path.parent} is a file: the runs need a folder.") from None
    except OSError as error:
        raise Refusal(f"The folder {path} cannot be created: {error.strerror}. Give another with --runs.") from None
    return path


def refuse_taken(path: Path) -> None:
    """Say what to do about a name that is taken."""
    if path.exists() or path.is_symlink():
        raise Refusal(
            f"{path} exists: go on with it by `equilibria resume {path}`, or start anew with --name {free(path).name}."
        )


def free(path: Path) -> Path:
    """This folder's name, or the first of NAME-2, NAME-3, ... that is not taken."""
    candidates = (path if n == 1 else path.with_name(f"{path.name}-{n}") for n in range(1, 1_000_000))
    return next(candidate for candidate in candidates if not candidate.exists())


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other writer out of a run folder; the system ends this when the process ends, however it ends."""
    try:
        file = (path / LOCK).open("ab")
    except OSError as error:
        raise Refusal(f"{path} cannot be written: {error.strerror}.") from None
    with file:
        if fcntl is not None:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Refusal(f"{path} is being written by another process: wait until it ends, or stop it.") from None
            except OSError:  # a file system without locks
                pass
        yield


class Records:
    """Writes into one run folder; says which checkpoint is safe when that cannot go on."""

    def __init__(self, path: Path, checkpoint: str | None = None):
        self.path, self.checkpoint = path, checkpoint  # the newest one that is whole: "checkpoints/000500.pt"
        with self.guarded():
            self._events = (path / EVENTS).open("ab", buffering=0)

    def __enter__(self) -> "Records":
        return self

    def __exit__(self, *_: object) -> None:
        self._events.close()

    def append(self, event: dict[str, Any]) -> None:
        """Add one line to events.jsonl: all of it, or nothing."""
        line = (json.dumps(event, allow_nan=False) + "\n").encode()
        with self.guarded():
            length, rest = self.length(), line
            try:
                while rest:  # a full disk takes a part, then says why it takes no more
                    rest = rest[self._events.write(rest) :]
            except OSError:
                with contextlib.suppress(OSError):
                    self._events.truncate(length)
                raise

    def length(self) -> int:
        """The bytes of events.jsonl."""
        return os.fstat(self._events.fileno()).st_size

    def sync(self) -> int:
        """Have the events on the disk, and say how many bytes they are."""
        with self.guarded():
            os.fsync(self._events.fileno())
        return self.length()

    def truncate(self, length: int) -> None:
        """Forget the events after this many bytes."""
        with self.guarded():
            self._events.truncate(length)

    def write(self, name: str, content: bytes) -> None:
        """A whole file in the folder, or the one that was there before."""
        with self.guarded():
            replace(self.path / name, content)

    @contextlib.contextmanager
    def guarded(self) -> Iterator[None]:
        """Turn what the system says of a disk into what to do about it."""
        try:
            yield
        except OSError as error:
            kept = (
                f"the last checkpoint, {self.checkpoint}, is intact: put that right, then "
                f"`equilibria resume {self.path}`"
                if self.checkpoint
                else "there is no checkpoint yet"
            )
            raise Failure(f"{self.path} cannot be written ({error.strerror or error}); {kept}.") from error


def replace(path: Path, content: bytes) -> None:
    """Write under a temporary name, have it on the disk, then rename: a file under its own name is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{PART}")
    try:
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    """Have the folder's own entries on the disk, where systems allow that."""
    with contextlib.suppress(PermissionError, NotImplementedError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
