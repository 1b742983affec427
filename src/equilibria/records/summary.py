"""What a run was made with: versions, machine, choices, sessions; and what its records say of the data."""

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

from ..core.errors import Refusal, check_format
from ..data import Data
from ..data.dataset import digest
from .folder import SUMMARY, RunFolder

FORMAT = 1
_SAMPLES = 4096  # whose values are summed up


@dataclass
class Summary:
    """The part of a run that is neither its recipe nor its state; resume reads the choices again."""

    seed: int
    choices: dict[str, Any]  # of training/hardware.py
    cadence: dict[str, int]  # rounds between reports ("report"), milestones ("save"), diagnostics ("watch"; 0: none)
    data: dict[str, Any]  # name, counts, fingerprint
    end: dict[str, Any]  # "rounds" and "seconds" in all, whichever comes first; null where it does not matter
    data_root: str | None = None
    allow_coupled_critic: bool = False
    sittings: list[dict[str, Any]] = field(default_factory=list)  # the sessions, under the name that is stored
    versions: dict[str, str | None] = field(default_factory=lambda: versions())
    device: str = ""
    format: int = FORMAT

    def to_json(self) -> bytes:
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    def write(self, folder: RunFolder) -> None:
        """Replace what is recorded."""
        folder.write(SUMMARY, self.to_json())

    @classmethod
    def load(cls, folder: RunFolder) -> Self:
        """The summary of a run. Raises Refusal if it cannot be read."""
        stored, where = folder.summary(), folder / SUMMARY
        check_format(stored, FORMAT, str(where))
        if missing := [f.name for f in fields(cls) if f.name not in stored]:
            raise Refusal(f"{where} cannot be read: it lacks {missing[0]!r}.")
        return cls(**{f.name: stored[f.name] for f in fields(cls)})

    @property
    def diagnose_every(self) -> int:
        """Rounds between diagnostics, 0 for none: runs of older versions have not planned any."""
        return self.cadence.get("watch", 0)

    def begin_session(self, step: int) -> None:
        """A session begins at this round."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.sittings.append({"started": now, "from": step, "to": None, "reason": None})

    def end_session(self, step: int, reason: str) -> None:
        """It ends; one without a round is forgotten."""
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


def data_facts(data: Data) -> dict[str, Any]:
    """The kind of the labels, and the values as networks get them, of some training samples."""
    indices = torch.linspace(0, len(data.x) - 1, min(len(data.x), _SAMPLES)).long().to(data.x.device)
    x = data.batch(indices).x.double()
    deviation = float(x.std(correction=0))
    values = {"least": float(x.min()), "most": float(x.max()), "mean": float(x.mean()), "deviation": deviation}
    return {
        "labels": None if data.labels is None else data.labels.kind,
        "values": {"shape": list(data.space.shape), **values},
    }


def device_name(device: str) -> str:
    """The device's own name."""
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
