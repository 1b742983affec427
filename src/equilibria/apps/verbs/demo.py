"""Train on what everybody has, and say how to go on."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...recipes import DEFAULT
from ...recipes.options import read_budget
from ..arguments import Flags

DEMO: dict[str, Any] = {"rounds": 4000, "budget": "75s"}  # slow machines stop early
_NEXT = """
Handwritten digits that nobody wrote: {picture}

Go on with:
  equilibria sample {folder} --count 64 --seed 1 --out sheet.png
  equilibria data check MY_PICTURES/
  equilibria train --data MY_PICTURES/ --budget 5m
"""


@dataclass(frozen=True)
class FLAGS:
    """How to show it."""

    rounds: int = DEMO["rounds"]
    """Rounds to play in all."""
    runs: str = "runs"
    """Folder in which runs are recorded."""


def run(word: str, flags: FLAGS, _: Flags) -> int:
    """Train, then say where the picture is and what comes next."""
    from ..display import watching

    with watching(read_budget(DEMO["budget"]).seconds) as display:
        from ...recipes.session import train
        from ...records.folder import free

        name = free(Path(flags.runs) / "demo").name
        folder = train(DEFAULT, display, **DEMO | {"name": name, "rounds": flags.rounds, "runs": flags.runs}).folder
    if folder is not None and (sheets := sorted((folder / "samples").glob("*.png"))):
        print(_NEXT.format(picture=sheets[-1], folder=folder))
    return 0
