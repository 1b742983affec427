"""Train on built-in data, and say what to do next."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...recipes.display import Display
from ...recipes.options import read_budget
from ..arguments import Flags

RECIPE = "r3gan"
DEMO: dict[str, Any] = {"data": "fashion", "conditional": True, "watch": 0, "generator.width": 16, "critic.width": 16}
_BEGAN = time.monotonic()
_AROUND = 7.0  # seconds of the budget that are not training: timing a few rounds, the last sample grid
_NEXT = """
Clothes that nobody made, a row for each class: {picture}

What next?
  equilibria sample {folder} --label 7 --count 64 --out sneakers.png
  equilibria data check MY_PICTURES/
  equilibria train --data MY_PICTURES/ --budget 5m
"""


@dataclass(frozen=True)
class FLAGS:
    """How long the demonstration lasts, and where it is recorded."""

    budget: str = "75s"
    """Total wall time, from start to end."""
    rounds: int | None = None
    """Total number of rounds, if fewer than the time allows."""
    runs: str = "runs"
    """Folder of the runs."""


@dataclass(frozen=True)
class Live:
    """A display that also keeps the newest sample grid at one path, and prints that path once."""

    display: Display
    folder: Path

    def say(self, text: str) -> None:
        """The same text."""
        self.display.say(text)

    def show(self, event: dict[str, Any]) -> None:
        """The same event; a new sample grid replaces the picture."""
        from ...core.files import write_atomic

        self.display.show(event)
        if event["kind"] == "sample":
            picture = self.folder / "live.png"
            first = not picture.exists()
            write_atomic(picture, (self.folder / event["file"]).read_bytes())
            if first:
                self.say(f"Open {picture} now: it shows the newest samples while the training goes on.")


def run(word: str, flags: FLAGS, _: Flags) -> int:
    """Train, then say where the picture is and what comes next."""
    from ..display import watching

    seconds, budget = read_budget(flags.budget).seconds, flags.budget
    with watching(seconds) as display:
        from ...recipes.session import train
        from ...records.folder import free

        folder = free(Path(flags.runs) / "demo")
        if seconds is not None:
            budget = f"{max(seconds - _AROUND - (time.monotonic() - _BEGAN), 1.0):.1f}s"
        options = {"budget": budget, "rounds": flags.rounds, "runs": flags.runs, "name": folder.name}
        train(RECIPE, Live(display, folder), **DEMO | options)
    if sheets := sorted((folder / "samples").glob("*.png")):
        print(_NEXT.format(picture=sheets[-1], folder=folder))
    return 0
