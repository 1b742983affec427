"""All that a resumed run depends on, as files: the last three and the best remain."""

import io
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from ..core.errors import Refusal, check_format
from ..core.files import PART
from .folder import CHECKPOINTS, EVENTS, RunFolder

FORMAT = 1
ARCHIVE = f"{CHECKPOINTS}/aside"
_RECENT = 3  # that are kept
_DAMAGES = (OSError, RuntimeError, EOFError, LookupError, TypeError, ValueError, AttributeError, pickle.UnpicklingError)


@dataclass(frozen=True)
class Checkpoint:
    """A run between two rounds, and how much of its records belongs to it."""

    state: dict[str, Any]  # Run.state_dict()
    events: int  # bytes of the events written before it
    elapsed: float  # seconds of training, all sessions together
    best: dict[str, Any] | None = None  # {"step", "value"} of the best measure so far
    milestone: int = -1  # round of the last one; "looked" in the file

    @property
    def step(self) -> int:
        return int(self.state["step"])


def file_name(step: int) -> str:
    """Where the checkpoint after this many rounds lies, in the run folder."""
    return f"{CHECKPOINTS}/{step:06d}.pt"


def save(folder: RunFolder, checkpoint: Checkpoint) -> None:
    """Write one, whole or not at all; then forget those that are neither recent nor best."""
    buffer = io.BytesIO()
    stored = {field.name: getattr(checkpoint, field.name) for field in fields(checkpoint)}  # not deep, as asdict is
    stored["looked"] = stored.pop("milestone")
    torch.save({"format": FORMAT, **stored}, buffer)
    name = file_name(checkpoint.step)
    folder.write(name, buffer.getvalue())
    folder.checkpoint = name
    with folder.guard():
        _prune(folder.checkpoint_folder, checkpoint)


def newest(folder: Path, device: torch.device | str = "cpu") -> tuple[Checkpoint | None, list[str]]:
    """The newest checkpoint that can be read, and a remark for each that cannot.

    None where there has never been one. Raises Refusal where none of those that are there can be read.
    """
    length = _length(folder / EVENTS)
    remarks: list[str] = []
    for path in (paths := list(_newest_first(folder / CHECKPOINTS))):
        try:
            checkpoint = _load(path, device)
            if checkpoint.events <= length:
                return checkpoint, remarks
            remarks.append(f"{path} is passed over: {EVENTS} is shorter than when it was written.")
        except Refusal:
            raise
        except _DAMAGES:
            remarks.append(f"{path} is damaged and passed over.")
    if paths:
        raise Refusal(f"No checkpoint in {folder} can be read: " + " ".join(remarks))
    return None, remarks


def at(folder: Path, step: int) -> Checkpoint:
    """The checkpoint after this many rounds. Raises Refusal if it is not kept or cannot be read."""
    path = folder / file_name(step)
    if not path.is_file():
        kept = [f"{int(other.stem):,}" for other in reversed(list(_newest_first(folder / CHECKPOINTS)))]
        raise Refusal(f"{folder} keeps no checkpoint of round {step:,}; it keeps those of {', '.join(kept) or 'none'}.")
    try:
        return _load(path, "cpu")
    except Refusal:
        raise
    except _DAMAGES:
        raise Refusal(f"{path} is damaged: take another checkpoint.") from None


def archive(folder: Path, step: int) -> None:
    """Move the checkpoints of later rounds to where nobody takes them for the newest."""
    for path in list(_newest_first(folder / CHECKPOINTS)):
        if int(path.stem) > step:
            (folder / ARCHIVE).mkdir(exist_ok=True)
            path.replace(folder / ARCHIVE / path.name)


def _load(path: Path, device: torch.device | str) -> Checkpoint:
    stored = torch.load(path, map_location=device, weights_only=True)
    check_format(stored, FORMAT, str(path))
    return Checkpoint(stored["state"], stored["events"], stored["elapsed"], stored["best"], stored["looked"])


def _prune(folder: Path, checkpoint: Checkpoint) -> None:
    """Remove all but the last three and the best, and what a kill or a damage left behind."""
    steps = {path: int(path.stem) for path in _newest_first(folder)}
    past = [path for path, step in steps.items() if step <= checkpoint.step]
    best = None if checkpoint.best is None else checkpoint.best["step"]
    kept = {*past[:_RECENT], *(path for path in past if steps[path] == best)}
    for path in {*steps, *folder.glob(f".*{PART}")} - kept:
        path.unlink(missing_ok=True)


def _newest_first(folder: Path) -> Iterator[Path]:
    """The checkpoints, the one with the most rounds first."""
    yield from sorted((p for p in folder.glob("*.pt") if p.stem.isdecimal()), key=lambda p: -int(p.stem))


def _length(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
