"""The run folder, whose files are written whole or not at all."""

import contextlib
import json
import os
import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Self

from ..core.errors import Failure, Refusal, os_error
from ..core.files import PART, open_own, refuse_links, try_lock, write_atomic
from ..core.stored import read_json
from .schemas import RunRecipe, StoredSummary

FORMAT = 1  # of recipes and summaries
RECIPE, SUMMARY, EVENTS, CHECKPOINTS, LOCK = "recipe.json", "summary.json", "events.jsonl", "checkpoints", "lock"


class RunFolder:
    """The files of one run."""

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.checkpoint: str | None = None  # the newest one, for messages: "checkpoints/000500.pt"
        self._events: BinaryIO | None = None  # while they are written

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The folder of a run. Raises Refusal if there is none, or a file in it is a link."""
        folder = cls(path)
        if not folder.exists():
            raise Refusal(f"There is no run in {path}: give a folder such as runs/NAME.")
        refuse_links(folder.path)
        return folder

    @classmethod
    def create(cls, path: Path, recipe: str = "", summary: bytes = b"", flag: str = "--runs") -> Self:
        """A new folder with a recipe and a summary, complete or not at all; `flag` sets its parent.

        Raises Refusal if it exists or cannot be created there, Failure if the disk refuses.
        """
        refuse_existing(path)
        part = path.with_name(f".{path.name}.{os.getpid()}{PART}")
        shutil.rmtree(part, ignore_errors=True)  # of a process that was killed
        try:
            part.mkdir(parents=True)
            if recipe:
                write_atomic(part / SUMMARY, summary)
                write_atomic(part / RECIPE, recipe.encode())
            part.rename(path)
        except OSError as error:
            refuse_existing(path)  # another process was faster
            raise os_error(error, f"The folder {path}", f"Give another folder with {flag}.", "created") from None
        finally:
            shutil.rmtree(part, ignore_errors=True)
        return cls(path)

    def __str__(self) -> str:
        return str(self.path)

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def exists(self) -> bool:
        """Whether there is a run; its recipe is written last."""
        return self.recipe_file.is_file()

    @property
    def recipe_file(self) -> Path:
        return self / RECIPE

    @property
    def events_file(self) -> Path:
        return self / EVENTS

    @property
    def files(self) -> tuple[Path, Path, Path]:
        """Recipe, summary and events."""
        return self.recipe_file, self / SUMMARY, self.events_file

    @property
    def checkpoint_steps(self) -> list[int]:
        """The rounds of the checkpoints, in order."""
        return sorted(int(path.stem) for path in (self / CHECKPOINTS).glob("*.pt") if path.stem.isdigit())

    def recipe(self) -> dict[str, Any]:
        """The stored recipe. Raises Refusal if it cannot be read."""
        return read_json(self / RECIPE, RunRecipe, FORMAT)

    def summary(self) -> dict[str, Any]:
        """The stored summary. Raises Refusal if it cannot be read."""
        return read_json(self / SUMMARY, StoredSummary, FORMAT)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Lock out other writers; the lock ends with the process. Raises Refusal if another process holds it."""
        try:
            file = open_own(self / LOCK, "ab")
        except OSError as error:
            raise os_error(error, str(self / LOCK), "Make the folder writable, or use a copy.") from None
        with file:
            if not try_lock(file):
                raise Refusal(f"{self} is being written by another process: wait until it ends, or stop it.")
            with contextlib.suppress(OSError):  # a full disk: the lock holds all the same
                file.truncate(0)
                file.write(json.dumps({"pid": os.getpid(), "host": platform.node()}).encode())
            yield

    def is_locked(self) -> bool:
        """Whether a process is writing the run. False where the system has no locks."""
        try:
            with open_own(self / LOCK, "rb") as file:
                return not try_lock(file, shared=True)
        except OSError:
            return False

    def owner(self) -> int | None:
        """The process that writes the run, or wrote it last, if it is one of this machine."""
        try:
            with open_own(self / LOCK, "rb") as file:
                stored = json.loads(file.read(1000))
            return pid if stored["host"] == platform.node() and (pid := int(stored["pid"])) > 1 else None
        except (OSError, ValueError, LookupError, TypeError):
            return None

    @contextlib.contextmanager
    def writing(self, checkpoint: str | None = None) -> Iterator[Self]:
        """Open the events for appending; `checkpoint` is the newest one."""
        self.checkpoint = checkpoint
        with self.guard():
            self._events = open_own(self / EVENTS, "ab")
        try:
            yield self
        finally:
            self._events.close()

    def append(self, event: dict[str, Any]) -> None:
        """Add a line to the events, all of it or nothing. Raises Failure if the disk refuses."""
        line = (json.dumps(event, allow_nan=False) + "\n").encode()
        with self.guard():
            self._check_place()
            length, rest = self.length(), line
            try:
                while rest:  # a full disk takes a part, then raises
                    rest = rest[self._file.write(rest) :]
            except OSError:
                with contextlib.suppress(OSError):
                    self._file.truncate(length)
                raise

    def length(self) -> int:
        """The length of the events in bytes."""
        return os.fstat(self._file.fileno()).st_size

    def sync(self) -> int:
        """Flush the events to the disk, and return their length in bytes."""
        with self.guard():
            os.fsync(self._file.fileno())
        return self.length()

    def truncate(self, length: int) -> None:
        """Remove the events after `length` bytes."""
        with self.guard():
            self._file.truncate(length)

    def write_recipe(self, text: str) -> None:
        """Write the recipe, the last file of a new run."""
        self.write(RECIPE, text.encode())

    def write(self, name: str, content: bytes) -> None:
        """Write a file, all of it or nothing. Raises Failure if the disk refuses."""
        with self.guard():
            self._check_place()
            write_atomic(self / name, content)

    @contextlib.contextmanager
    def guard(self) -> Iterator[None]:
        """Turn an OSError into a Failure that says what is safe and what to do."""
        try:
            yield
        except OSError as error:
            safe = (
                f"the last checkpoint, {self.checkpoint}, is intact: solve this, then run `equilibria resume {self}`"
                if self.checkpoint
                else "there is no checkpoint yet"
            )
            raise Failure(f"{self} cannot be written ({error.strerror or error}); {safe}.") from error

    def _check_place(self) -> None:
        """Raise Failure if the folder was removed or replaced while it is written."""
        try:
            if self._events is None or os.path.samestat(os.fstat(self._events.fileno()), (self / EVENTS).stat()):
                return
        except FileNotFoundError:
            pass
        raise Failure(
            f"{self} was removed or replaced while the run was writing to it. What was in it is lost, unless it was "
            "moved: then put it back and resume it; else train again."
        )

    @property
    def _file(self) -> BinaryIO:
        assert self._events is not None, "events are open only within `writing`"
        return self._events


def refuse_existing(path: Path) -> None:
    """Raise Refusal if there is a file or folder of this name."""
    if path.exists() or path.is_symlink():
        raise Refusal(
            f"{path} exists: continue it with `equilibria resume {path}`, or start a new run with "
            f"--name {free_name(path).name}."
        )


def free_name(stem: str | Path, *suffixes: str) -> Path:
    """STEM with the first suffix, or the first of STEM-2, STEM-3, ... of which there is no file with any suffix."""
    names = (f"{stem}{f'-{n}' * (n > 1)}" for n in range(1, 1_000_000))
    free = next(name for name in names if not any(Path(name + suffix).exists() for suffix in suffixes or ("",)))
    return Path(free + "".join(suffixes[:1]))
