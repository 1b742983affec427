"""The summary of a run: seed, versions, machine, cadence, data, sessions."""

import importlib.metadata
import json
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch

from ..core.errors import Refusal
from ..data import Data
from ..data.dataset import digest
from .folder import FORMAT, SUMMARY, RunFolder

_SAMPLES = 4096  # for statistics of the values


@dataclass
class Summary:
    """The record of a run next to its recipe and its state; resume reads it."""

    seed: int
    choices: dict[str, Any]  # Hardware, by field
    cadence: dict[str, int]  # rounds between "report", "save" (milestones) and "watch" (diagnostics; 0: none)
    data: dict[str, Any]  # name, counts, fingerprint
    end: dict[str, Any]  # "rounds" and "seconds" in all, or null; the first reached ends the run
    data_root: str | None = None
    allow_coupled_critic: bool = False
    sittings: list[dict[str, Any]] = field(default_factory=list)  # sessions
    versions: dict[str, str | None] = field(default_factory=lambda: versions())
    device: str = ""
    format: int = FORMAT
    source: dict[str, Any] | None = None  # of the weights at round 0, where they are another run's: Source.record

    def to_json(self) -> bytes:
        """The summary as JSON."""
        return (json.dumps(asdict(self), indent=2) + "\n").encode()

    def write(self, folder: RunFolder) -> None:
        """Write the summary to the run folder, over the last one."""
        folder.write(SUMMARY, self.to_json())

    @classmethod
    def load(cls, folder: RunFolder) -> Self:
        """The summary in a run folder. Raises Refusal if it cannot be read."""
        stored = folder.summary()
        for name in ("report", "save"):
            if stored["cadence"][name] < 1:
                raise Refusal(f"{folder / SUMMARY}: cadence.{name} is {stored['cadence'][name]}: it must be 1 or more.")
        return cls(**{field.name: stored[field.name] for field in fields(cls) if field.name in stored})

    @property
    def diagnose_every(self) -> int:
        """Rounds between diagnostics, 0 for none; runs of older versions have none."""
        return self.cadence.get("watch", 0)

    def begin_session(self, step: int) -> None:
        """Record that a session begins at round `step`."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.sittings.append({"started": now, "from": step, "to": None, "reason": None})

    def end_session(self, step: int, reason: str) -> None:
        """Record that the session ends; one without a round is removed."""
        self.sittings[-1] |= {"to": step, "reason": reason}
        if self.sittings[-1]["from"] == step:
            self.sittings.pop()


def versions() -> dict[str, str | None]:
    """Versions of the code, of Python and of the libraries."""
    return {
        "equilibria": importlib.metadata.version("equilibria"),
        "commit": _commit(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "platform": platform.platform(),
    }


def fingerprint(data: Data) -> dict[str, Any]:
    """What identifies the data: its name, counts, and a hash of some samples."""
    scales = data.labels.scales if data.labels else ()
    facts = {"name": data.name, "train": len(data.x), "held_out": len(data.held_out), "fingerprint": digest(data)}
    return facts | ({"label_scales": [list(scale) for scale in scales]} if scales else {})


def data_change(data: Data, stored: Mapping[str, Any]) -> str:
    """A sentence on data that is not what a run stored of its own, wherever it lies; empty for the same."""
    now = fingerprint(data)
    if all(now.get(name) == stored.get(name) for name in (now | dict(stored)) if name != "name"):
        return ""
    counts = [f"{facts.get('train', 0):,} + {facts.get('held_out', 0):,}" for facts in (stored, now)]
    more = f" (training and held-out samples: then {counts[0]}, now {counts[1]})" * (counts[0] != counts[1])
    return f"The data {data.name!r} has changed since this run started{more}."


def data_facts(data: Data) -> dict[str, Any]:
    """The kind of the labels, and statistics of the values of some training samples, scaled for networks."""
    indices = torch.linspace(0, len(data.x) - 1, min(len(data.x), _SAMPLES)).long().to(data.x.device)
    x = data.batch(indices).x.double()
    values = {"least": x.min(), "most": x.max(), "mean": x.mean(), "deviation": x.std(correction=0)}
    return {
        "labels": None if data.labels is None else data.labels.kind,
        "values": {"shape": list(data.space.shape), **{name: float(value) for name, value in values.items()}},
    }


def device_name(device: str) -> str:
    """The name of the GPU or of the processor."""
    return torch.cuda.get_device_name() if device == "cuda" else platform.processor() or platform.machine()


def _commit() -> str | None:
    """The commit of the code, if it runs from a checkout."""
    root = Path(__file__).parents[3]
    if not (root / ".git").exists():
        return None
    try:
        command = ["git", "-C", str(root), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=5).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None
