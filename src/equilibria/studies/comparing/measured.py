"""Runs that have been played, side by side by what was measured of them."""

import dataclasses
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...records.folder import RunFolder
from .collecting import runs
from .columns import columns
from .concluding import conclusions
from .report import Study
from .wishes import Wishes

_MEANT = ("out", "force")  # of runs that are not played


def measured(folders: Sequence[str], wishes: Wishes, said: Mapping[str, Any]) -> Study:
    """The numbers of runs. Raises Refusal where two of a column were not measured alike, and says what differs."""
    for folder in folders:
        if not is_run(folder):
            raise Refusal(f"{folder} is no folder of a run, and others are: compare recipes, or runs.")
    changed = [f.name for f in dataclasses.fields(Wishes) if getattr(wishes, f.name) != getattr(Wishes, f.name)]
    if idle := [name for name in (*said, *changed) if name not in _MEANT]:
        raise Refusal(f"--{idle[0].replace('_', '-')} means nothing for runs that have been played: leave it out.")
    if twice := [folder for i, folder in enumerate(folders) if Path(folder) in map(Path, folders[:i])]:
        raise Refusal(f"{twice[0]} is named twice.")
    results = runs(folders)
    found = columns(results, strict=True)
    best = [column for column in found if column.checkpoint == "best"][:1]
    rows = list(dict.fromkeys(result.label for result in results))
    begun = Counter((results[0].data, result.label) for result in results)
    command = shlex.join(["equilibria", "compare", *folders])
    title = f"{', '.join(rows)}: compared on {results[0].data}"
    return Study(
        title, f"{len(results)} runs, as they were measured.", command, results, found, conclusions(best, begun)
    )


def is_run(word: str) -> bool:
    """Whether a run lies there."""
    return RunFolder(word).exists()
