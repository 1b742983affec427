"""One trial of a comparison, and its results."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from ...core.errors import Refusal
from ...core.files import write_atomic
from ...evaluation.doctor.base import Finding
from ...evaluation.doctor.report import doctor
from ...recipes.recipe import Recipe
from ...records.folder import RunFolder
from ...records.history import History, read_history
from ..results import Number, stored

_SILENT = ("about", "format")  # fields of a recipe that train nothing
_ELSEWHERE = ("data_root",)  # an option that says where, not what


@dataclass(frozen=True)
class Measures:
    """How the run is measured when it has been played."""

    metrics: tuple[str, ...] = ()  # the usual ones of the data
    features: str = "auto"
    count: int = 0  # samples; 0: as many as the held-out ones that are reported on


@dataclass(frozen=True)
class Cell:
    """What is played once."""

    label: str  # the recipe as it was asked for: "wgan:clip=0.1"
    data: str  # likewise
    recipe: Recipe  # with its data and its seed
    options: Mapping[str, Any]  # keywords of `train` beside the recipe: budget, device, ...
    folder: Path  # of the run
    measures: Measures = field(default_factory=Measures)

    @property
    def seed(self) -> int:
        return self.recipe.seed

    def __str__(self) -> str:
        return f"{self.label} on {self.data}, seed {self.seed}"

    def to_json(self) -> str:
        """The cell as text, for another process."""
        return json.dumps(dataclasses.asdict(self) | {"folder": str(self.folder.absolute())})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The cell that was written."""
        said = json.loads(text)
        measures = Measures(**said["measures"] | {"metrics": tuple(said["measures"]["metrics"])})
        return cls(**said | {"recipe": Recipe(**said["recipe"]), "folder": Path(said["folder"]), "measures": measures})


@dataclass(frozen=True)
class Outcome:
    """What became of a cell."""

    state: str = "waiting"  # "finished", "failed", "interrupted"
    sentence: str = ""  # why it failed
    final: bool = False  # running it again would change nothing
    measured: Measures | None = None  # how it was
    peak: int = 0  # bytes of memory that its process used at most; 0 where unknown


def digest(recipe: Recipe, fingerprint: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What tells cells apart: a hash of the resolved recipe, the data, the budget and the options."""
    told = {key: value for key, value in dataclasses.asdict(recipe).items() if key not in _SILENT}
    said = {key: value for key, value in options.items() if key not in _ELSEWHERE}
    text = json.dumps([told, dict(fingerprint), said], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def named(label: str, data: str, seed: int, known: str) -> str:
    """A folder's name that people can read, unique by the hash."""
    words = [re.sub(r"[^\w.=]+", "-", part).strip("-.")[:40] for part in (label, Path(data).stem)]
    return "-".join([*words, str(seed), known])


def outcome(folder: Path) -> Outcome:
    """What is recorded of the cell whose run lies there."""
    try:
        said = json.loads(_place(folder).read_text("utf-8"))
        if (measured := said["measured"]) is not None:
            said["measured"] = Measures(**measured | {"metrics": tuple(measured["metrics"])})
        return Outcome(**said)
    except (OSError, ValueError, TypeError, KeyError):
        return Outcome()


def record(folder: Path, found: Outcome) -> None:
    """Keep what became of a cell."""
    write_atomic(_place(folder), (json.dumps(dataclasses.asdict(found), indent=2) + "\n").encode())


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


_SECONDS = 60.0  # of training between two lines of one run


class Watch(Protocol):
    """Text for people; cells that wait, run and end for figures."""

    def say(self, text: str) -> None:
        """A paragraph."""

    def plan(self, cells: Sequence[Cell]) -> None:
        """All cells, before the first begins."""

    def begin(self, cell: Cell) -> None:
        """A cell that begins, or is taken up."""

    def show(self, cell: Cell, event: dict[str, Any]) -> None:
        """Every event of a run."""

    def end(self, cell: Cell, found: Outcome) -> None:
        """A cell that ended, or had ended before."""


class Lines(AbstractContextManager["Lines"]):
    """A line where a run begins and ends, and one a minute, for Python sessions and files."""

    def __init__(self) -> None:
        self._count, self._over, self._next = 0, 0, dict[str, float]()

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        """A paragraph."""
        print(text, flush=True)

    def plan(self, cells: Sequence[Cell]) -> None:
        """All that is to be done."""
        self._count = len(cells)

    def begin(self, cell: Cell) -> None:
        """A run begins, or is taken up."""
        self.say(f"{cell}: begins.")

    def show(self, cell: Cell, event: dict[str, Any]) -> None:
        """Say now and then that it plays."""
        due = self._next.setdefault(str(cell), _SECONDS)
        if event["kind"] == "report" and event["elapsed"] >= due:
            self._next[str(cell)] = event["elapsed"] + _SECONDS
            self.say(f"{cell}: round {event['step']:,} after {event['elapsed']:.0f} s.")
        if event["kind"] == "stop":
            self.say(f"{cell}: round {event['step']:,} after {event['elapsed']:.0f} s. {event['text']}")

    def end(self, cell: Cell, found: Outcome) -> None:
        """A run is over."""
        self._over += found.state in ("finished", "failed")
        self.say(f"{cell}: {found.state}. {found.sentence}".rstrip() + f" ({self._over} of {self._count} are over)")


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
    histories = [read_history(Path(folder)).require_events() for folder in folders]
    found = []
    for one in histories:
        label = _row(one, histories)
        known = _result(label, one.data, int(one.recipe["seed"]), one.folder, Outcome("finished"))
        if not known.numbers:
            raise Refusal(f"{one.folder} has no numbers yet: `equilibria evaluate {one.folder}` measures them.")
        found.append(known)
    return found


def _result(label: str, data: str, seed: int, folder: Path, found: Outcome) -> Result:
    known = read_history(folder).require_events() if RunFolder(folder).exists() else None
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
