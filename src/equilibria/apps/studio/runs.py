"""The runs of a folder, read without torch: state, progress, sample grids, events."""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...records.events import Event, parse_lines
from ...records.folder import RunFolder

_TAIL = 16_384  # bytes of the events that tell how a run is doing
_LARGEST = 1 << 20  # bytes of events in one answer
_GRID = re.compile(r"[0-9]{1,12}\.png")


class Runs:
    """The runs in a folder. A name is accepted only if the folder lists it, so no name leads elsewhere."""

    def __init__(self, root: Path):
        self.root = root
        self._rows: dict[str, tuple[Any, dict[str, Any]]] = {}  # by name: what was read when, and the row

    def list(self) -> dict[str, Any]:
        """A row for each run, the newest first, and the folders that cannot be read, with the reason."""
        rows, unread = [], []
        for name in self._names():
            try:
                rows.append(self.row(name))
            except (Refusal, OSError, ValueError) as error:
                unread.append({"name": name, "why": str(error)})
        rows.sort(key=lambda row: row["changed"], reverse=True)
        return {"root": str(self.root), "runs": rows, "unread": unread}

    def _names(self) -> Iterator[str]:
        try:
            entries = sorted(os.scandir(self.root), key=lambda entry: entry.name)
        except FileNotFoundError:
            return
        for entry in entries:
            own = not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
            if own and RunFolder(entry.path).exists():
                yield entry.name

    def folder(self, name: str) -> RunFolder:
        """The folder of a run. Raises KeyError for a name that is none."""
        if name not in self._names():
            raise KeyError(name)
        return RunFolder(self.root / name)

    def row(self, name: str) -> dict[str, Any]:
        """What the list says of a run. Raises Refusal if it cannot be read."""
        folder = RunFolder(self.root / name)
        version = [_version(file) for file in folder.files]
        locked = folder.is_locked()
        if name not in self._rows or self._rows[name][0] != (version, locked):
            self._rows[name] = ((version, locked), _row(folder, locked))
        return self._rows[name][1]

    def details(self, name: str) -> dict[str, Any]:
        """The row, the recipe, and the rounds of sample grids and checkpoints."""
        folder = self.folder(name)
        files = sorted((folder / "samples").glob("*.png")) if (folder / "samples").is_dir() else []
        steps = [int(path.stem) for path in files if _GRID.fullmatch(path.name)]
        return self.row(name) | {
            "about": folder.recipe(),
            "samples": steps,
            "checkpoints": folder.checkpoint_steps,
            "path": str(folder),
        }

    def grid(self, name: str, step: int) -> bytes:
        """The sample grid of a round, a PNG. Raises KeyError where there is none."""
        folder = self.folder(name)
        for path in (folder / "samples").iterdir() if (folder / "samples").is_dir() else ():
            if _GRID.fullmatch(path.name) and int(path.stem) == step and not path.is_symlink():
                return path.read_bytes()
        raise KeyError(step)

    def events(self, name: str, since: int) -> tuple[bytes, int] | None:
        """Whole lines of events after `since` bytes, and where they end; None if the file is shorter than that."""
        try:
            with self.folder(name).events_file.open("rb") as file:
                if file.seek(0, os.SEEK_END) < since:
                    return None
                file.seek(since)
                lines, end, _ = file.read(_LARGEST).rpartition(b"\n")
        except FileNotFoundError:
            return b"", 0
        return lines + end, since + len(lines) + len(end)


def _version(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime_ns


def _row(folder: RunFolder, locked: bool) -> dict[str, Any]:
    recipe, summary, newest_of = folder.recipe(), folder.summary(), _newest_of_each_kind(folder)
    last: Event = next(iter(newest_of.values()), {"step": 0, "elapsed": 0.0})
    step, seconds, end = last["step"], last["elapsed"], summary["end"]
    measured = newest_of["measure"]["metrics"] if "measure" in newest_of else {}
    state = "training" if locked else str(last["reason"]) if last.get("kind") == "stop" else "killed"
    newest = folder.events_file if folder.events_file.exists() else folder.recipe_file
    return {
        "name": folder.path.name,
        "recipe": recipe["name"],
        "data": str(recipe["data"]["name"]),
        "state": state,
        "step": step,
        "rounds": end["rounds"],
        "seconds": seconds,
        "limit": end["seconds"],
        "left": _remaining(step, seconds, end) if locked else None,
        "measured": next(({"name": key, "value": value} for key, value in measured.items()), None),
        "sample": newest_of["sample"]["step"] if "sample" in newest_of else None,
        "words": str(last.get("text", "")),
        "can_stop": locked and folder.owner() is not None,
        "changed": newest.stat().st_mtime,
    }


def _remaining(step: int, seconds: float, end: dict[str, Any]) -> float | None:
    """Seconds to the end, by the pace so far; None before the first report."""
    estimates = [] if end["seconds"] is None else [end["seconds"] - seconds]
    if end["rounds"] is not None and step:
        estimates.append((end["rounds"] - step) * seconds / step)
    return max(min(estimates), 0.0) if estimates else None


def _newest_of_each_kind(folder: RunFolder) -> dict[str, Event]:
    """The last event, and the last sample grid and measurement, by kind; those that are in the tail of the file."""
    try:
        with folder.events_file.open("rb") as file:
            start = max(file.seek(0, os.SEEK_END) - _TAIL, 0)
            file.seek(start)
            lines = file.read().splitlines()[1 if start else 0 :]
    except FileNotFoundError:
        return {}
    events = dict[str, Event]()
    for line in reversed(lines):
        for event in parse_lines(line, str(folder.events_file)):
            events.setdefault(str(event.get("kind")), event)
        if {"sample", "measure"} <= events.keys():
            break
    return events


def as_json(value: Any) -> bytes:
    """Strict JSON: what is no number is null."""
    return json.dumps(_finite(value), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(
        errors="backslashreplace"
    )


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _finite(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(each) for each in value]
    return None if isinstance(value, float) and value - value != 0 else value
