"""What a run was made with: versions, machine, choices, sittings."""

import importlib.metadata
import json
import platform
import subprocess
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from ..core.errors import Refusal
from ..data import Data
from ..data.digest import digest
from ..training.engine import Choices, choose
from .recipe import check_format

FORMAT = 1
FILE = "summary.json"


@dataclass
class Summary:
    """The part of a run that is neither its recipe nor its state; resume reads the choices again."""

    seed: int
    choices: dict[str, Any]  # of training/engine.py
    cadence: dict[str, int]  # rounds between reports ("report"), milestones ("save"), looks ("watch"; 0: none)
    data: dict[str, Any]  # name, counts, fingerprint
    end: dict[str, Any]  # "rounds" and "seconds" in all, whichever comes first; null where it does not matter
    data_root: str | None = None
    allow_coupled_critic: bool = False
    sittings: list[dict[str, Any]] = field(default_factory=list)
    versions: dict[str, str | None] = field(default_factory=lambda: versions())
    device: str = ""
    format: int = FORMAT

    def to_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The summary of a run folder. Raises Refusal if it cannot be read."""
        try:
            stored = json.loads((folder / FILE).read_text(encoding="utf-8"))
            check_format(stored, FORMAT, str(folder / FILE))
            summary = cls(**{f.name: stored[f.name] for f in fields(cls)})
        except Refusal:
            raise
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise Refusal(f"{folder / FILE} cannot be read: {error}.") from None
        return summary

    def chosen(self) -> Choices:
        """The start-up choices. Raises Refusal if they cannot be had here."""
        try:
            choices = Choices.from_dict(self.choices)
            choose(choices.device, choices.threads, choices.matmul, choices.precision)
        except (Refusal, TypeError) as error:
            raise Refusal(f"The run goes on only with the choices it began with. {error}") from None
        return choices

    def sit_down(self, step: int) -> None:
        """Begin a sitting."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.sittings.append({"started": now, "from": step, "to": None, "reason": None})

    def stand_up(self, step: int, reason: str) -> None:
        """End the sitting."""
        self.sittings[-1] |= {"to": step, "reason": reason}
        if self.sittings[-1]["from"] == step:
            self.sittings.pop()


def versions() -> dict[str, str | None]:
    """Of the code and of what it stands on."""
    return {
        "equilibria": importlib.metadata.version("equilibria"),
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
    }


def fingerprint(data: Data) -> dict[str, Any]:
    """What tells whether data are still the same: counts, and a hash of some of the samples."""
    return {"name": data.name, "train": len(data.x), "held_out": len(data.held_out), "fingerprint": digest(data)}


def device_name(device: str) -> str:
    """What the device calls itself."""
    return torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of the code, where it runs from a checkout."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
