"""What is known of each run of a comparison, read from its folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import Refusal
from ...evaluation.doctor.base import Finding
from ...records.folder import RunFolder
from ...records.history import History, read_history
from ..doctoring import doctor
from ..numbers import Number, stored
from .cells import Cell, Outcome, outcome


@dataclass(frozen=True)
class Result:
    """One run, and whose it is."""

    label: str  # of its row: the recipe as it was asked for
    data: str
    seed: int
    folder: Path
    outcome: Outcome
    history: History | None  # none where it never began
    numbers: tuple[Number, ...] = ()
    findings: tuple[Finding, ...] = ()


def collected(cells: Sequence[Cell]) -> list[Result]:
    """A result for each cell, in their order; a failed run has no numbers."""
    return [_result(cell.label, cell.data, cell.seed, cell.folder, outcome(cell.folder)) for cell in cells]


def runs(folders: Sequence[str | Path]) -> list[Result]:
    """Results of runs that lie anywhere. Raises Refusal for what is no run, or was not measured.

    Runs that differ in nothing but the seed share a row, which is named by the recipe where that is clear.
    """
    histories = [read_history(Path(folder)).started() for folder in folders]
    found = []
    for one in histories:
        label = _row(one, histories)
        known = _result(label, one.data, int(one.recipe["seed"]), one.folder, Outcome("finished"))
        if not known.numbers:
            raise Refusal(f"{one.folder} has no numbers yet: `equilibria evaluate {one.folder}` measures them.")
        found.append(known)
    return found


def _result(label: str, data: str, seed: int, folder: Path, found: Outcome) -> Result:
    known = read_history(folder).started() if RunFolder(folder).exists() else None
    sick = doctor(folder).findings if known else ()
    measured = found.state == "finished" and (folder / "metrics.json").is_file()
    numbers = stored(folder).numbers if measured else ()
    return Result(label, data, seed, folder, found, known, tuple(numbers), sick)


def _row(one: History, others: Sequence[History]) -> str:
    """The name of a run's row: its recipe's, unless another recipe has it, too."""
    alike = [other for other in others if _seedless(other) == _seedless(one)]
    name = str(one.recipe["name"])
    clear = all(other in alike for other in others if other.recipe["name"] == name)
    seeds = [other.recipe["seed"] for other in alike]
    return name if clear and len(set(seeds)) == len(seeds) else one.folder.name


def _seedless(one: History) -> dict[str, object]:
    """All that decides a run beside its seed."""
    told = {key: value for key, value in one.recipe.items() if key not in ("seed", "rounds", "about")}
    return told | {"end": one.summary["end"], "data": one.summary["data"]}
