"""From a run folder to its history; nothing else of the folder is looked at."""

import json
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from .base import Event, History


def history(folder: Path) -> History:
    """What a run has written of itself so far. Raises Refusal if there is no run, or what is there cannot be read."""
    if not (folder / "recipe.json").is_file():
        raise Refusal(f"There is no run in {folder}: give a folder such as runs/NAME.")
    return History(_record(folder / "recipe.json"), _record(folder / "summary.json"), events(folder / "events.jsonl"))


def events(path: Path, skip: int = 0) -> list[Event]:
    """The whole lines of a file of events, after so many bytes; a line that is still being written is left out."""
    try:
        with path.open("rb") as file:
            file.seek(skip)
            lines = file.read().splitlines(keepends=True)
        found = [json.loads(line) for line in lines if line.endswith(b"\n")]
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {error}.") from None
    if any(not isinstance(event, dict) or not {"kind", "step"} <= event.keys() for event in found):
        raise Refusal(f"{path} has a line that is no event: it needs a kind and a step.")
    return found


def _record(path: Path) -> dict[str, Any]:
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refusal(f"{path} cannot be read: {error}.") from None
    if not isinstance(stored, dict):
        raise Refusal(f"{path} holds no record of a run: a JSON object is expected.")
    return stored
