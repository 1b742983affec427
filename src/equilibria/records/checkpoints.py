"""Checkpoint files: the last three and the best are kept."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, NotRequired, TypedDict

import torch

from ..core.errors import Refusal, check_format, first_line
from ..core.files import PART
from ..core.stored import require
from .folder import CHECKPOINTS, EVENTS, RunFolder

FORMAT = 1
ARCHIVE = f"{CHECKPOINTS}/aside"
_RECENT = 3  # checkpoints


@dataclass(frozen=True)
class Checkpoint:
    """A run between two rounds, and the length of its records at that time."""

    state: dict[str, Any]  # Run.state_dict()
    events: int  # their length in bytes
    elapsed: float  # seconds of training, in all sessions
    best: dict[str, Any] | None = None  # {"step", "value"} of the best checkpoint so far
    milestone: int = -1  # its last round so far; stored as "looked"

    @property
    def step(self) -> int:
        return int(self.state["step"])


def file_name(step: int) -> str:
    """The file of the checkpoint after `step` rounds, in the run folder."""
    return f"{CHECKPOINTS}/{step:06d}.pt"


def save(folder: RunFolder, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, all of it or nothing; then remove those that are neither recent nor best."""
    buffer = io.BytesIO()
    stored = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}  # not deep, as asdict is
    stored["looked"] = stored.pop("milestone")
    torch.save({"format": FORMAT, **stored}, buffer)
    name = file_name(checkpoint.step)
    folder.write(name, buffer.getvalue())
    folder.checkpoint = name
    with folder.guard():
        _prune(folder / CHECKPOINTS, checkpoint)


def newest(
    folder: Path, device: torch.device | str = "cpu", restore: Callable[[Checkpoint], None] = lambda _: None
) -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read and restored, and a remark for each newer one; None if there are none.

    `restore` raises an error for a checkpoint that does not fit. Raises Refusal if none can be used.
    """
    events = folder / EVENTS
    length, remarks = events.stat().st_size if events.exists() else 0, list[str]()
    for path in (paths := list(_newest_first(folder / CHECKPOINTS))):
        checkpoint = _load(path, device)
        if checkpoint is None:
            remarks.append(f"{path} is damaged and is skipped.")
        elif checkpoint.events > length:
            remarks.append(f"{path} is skipped: {EVENTS} is shorter than when it was written.")
        elif reason := _misfit(restore, checkpoint):
            remarks.append(f"{path} does not fit recipe.json and is skipped ({reason}).")
        else:
            return checkpoint, remarks
    if paths:
        edited = " Was the recipe edited after the run?" * any("does not fit" in remark for remark in remarks)
        raise Refusal(f"No checkpoint in {folder} can be used: {' '.join(remarks)}{edited}")
    return None, remarks


def _misfit(restore: Callable[[Checkpoint], None], checkpoint: Checkpoint) -> str:
    """Why a checkpoint cannot be restored; empty if it was."""
    try:
        restore(checkpoint)
    except MemoryError:
        raise
    except Exception as error:  # whatever a state of other types and shapes raises
        return first_line(error).rstrip(":.")
    return ""


def at(folder: Path, step: int) -> Checkpoint:
    """The checkpoint after `step` rounds. Raises Refusal if there is none or it cannot be read."""
    path = folder / file_name(step)
    if not path.is_file():
        rounds = [f"{int(other.stem):,}" for other in reversed(list(_newest_first(folder / CHECKPOINTS)))]
        raise Refusal(f"{folder} has no checkpoint of round {step:,}; it has those of {', '.join(rounds) or 'none'}.")
    if (checkpoint := _load(path, "cpu")) is None:
        raise Refusal(f"{path} is damaged: choose another checkpoint.")
    return checkpoint


def archive(folder: Path, step: int) -> None:
    """Move the checkpoints after round `step` to the archive, so that it becomes the newest."""
    for path in list(_newest_first(folder / CHECKPOINTS)):
        if int(path.stem) > step:
            (folder / ARCHIVE).mkdir(exist_ok=True)
            path.replace(folder / ARCHIVE / path.name)


def _load(path: Path, device: torch.device | str) -> Checkpoint | None:
    """The checkpoint in a file; None if it is damaged. Raises Refusal for one of a later version."""
    try:
        if not _is_whole(path):
            return None
        stored = torch.load(path, map_location=device, weights_only=True)
    except MemoryError:
        raise
    except Exception:  # whatever the unpickler raises
        return None
    if not isinstance(stored, dict):
        return None
    check_format(stored, FORMAT, str(path))
    try:
        require(stored, _Stored, str(path))
    except Refusal:
        return None
    if stored["state"]["step"] != int(path.stem):
        return None
    return Checkpoint(stored["state"], stored["events"], stored["elapsed"], stored["best"], stored["looked"])


def _is_whole(path: Path) -> bool:
    """Whether every part of the archive has the checksum that was stored, and is stored as it is, not packed."""
    with zipfile.ZipFile(path) as archive:
        packed = any(info.compress_type != zipfile.ZIP_STORED for info in archive.infolist())
        return not packed and archive.testzip() is None


class _State(TypedDict):
    step: int
    draws: int


class _Best(TypedDict):
    step: int
    value: float
    lowest: NotRequired[float]


class _Stored(TypedDict):
    """The types of a checkpoint."""

    state: _State
    events: int
    elapsed: float
    best: _Best | None
    looked: int


def _prune(folder: Path, checkpoint: Checkpoint) -> None:
    """Remove all but the last three and the best, and unfinished files."""
    steps = {path: int(path.stem) for path in _newest_first(folder)}
    past = [path for path, step in steps.items() if step <= checkpoint.step]
    best = None if checkpoint.best is None else checkpoint.best["step"]
    needed = {*past[:_RECENT], *(path for path in past if steps[path] == best)}
    for path in {*steps, *folder.glob(f".*{PART}")} - needed:
        path.unlink(missing_ok=True)


def _newest_first(folder: Path) -> Iterator[Path]:
    yield from sorted((p for p in folder.glob("*.pt") if p.stem.isdecimal()), key=lambda p: -int(p.stem))
