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
from ..results import MetricValue, read_evaluation

_SILENT = ("about", "format")  # fields of a recipe that train nothing
_ELSEWHERE = ("data_root",)  # an option that says where, not what


@dataclass(frozen=True)
class EvaluationOptions:
    """How the run is measured when it has been played."""

    metrics: tuple[str, ...] = ()  # the usual ones of the data
    features: str = "auto"
    count: int = 0  # samples; 0: as many as the held-out ones that are reported on


@dataclass(frozen=True)
class Trial:
    """What is played once."""

    label: str  # the recipe as it was asked for: "wgan:clip=0.1"
    data: str  # likewise
    recipe: Recipe  # with its data and its seed
    options: Mapping[str, Any]  # keywords of `train` beside the recipe: budget, device, ...
    folder: Path  # of the run
    measures: EvaluationOptions = field(default_factory=EvaluationOptions)

    @property
    def seed(self) -> int:
        return self.recipe.seed

    def __str__(self) -> str:
        return f"{self.label} on {self.data}, seed {self.seed}"

    def to_json(self) -> str:
        """The trial as text, for another process."""
        return json.dumps(dataclasses.asdict(self) | {"folder": str(self.folder.absolute())})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The trial that was written."""
        said = json.loads(text)
        measures = EvaluationOptions(**said["measures"] | {"metrics": tuple(said["measures"]["metrics"])})
        return cls(**said | {"recipe": Recipe(**said["recipe"]), "folder": Path(said["folder"]), "measures": measures})


@dataclass(frozen=True)
class Outcome:
    """What became of a trial."""

    state: str = "waiting"  # "finished", "failed", "interrupted"
    sentence: str = ""  # why it failed
    final: bool = False  # running it again would change nothing
    measured: EvaluationOptions | None = None  # how it was
    peak: int = 0  # bytes of memory that its process used at most; 0 where unknown


def digest(recipe: Recipe, fingerprint: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What tells trials apart: a hash of the resolved recipe, the data, the budget and the options."""
    told = {key: value for key, value in dataclasses.asdict(recipe).items() if key not in _SILENT}
    said = {key: value for key, value in options.items() if key not in _ELSEWHERE}
    text = json.dumps([told, dict(fingerprint), said], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def folder_name(label: str, data: str, seed: int, known: str) -> str:
    """A folder's name that people can read, unique by the hash."""
    words = [re.sub(r"[^\w.=]+", "-", part).strip("-.")[:40] for part in (label, Path(data).stem)]
    return "-".join([*words, str(seed), known])


def outcome(folder: Path) -> Outcome:
    """What is recorded of the trial whose run lies there."""
    try:
        said = json.loads(_place(folder).read_text("utf-8"))
        if (measured := said["measured"]) is not None:
            said["measured"] = EvaluationOptions(**measured | {"metrics": tuple(measured["metrics"])})
        return Outcome(**said)
    except (OSError, ValueError, TypeError, KeyError):
        return Outcome()


def record(folder: Path, found: Outcome) -> None:
    """Keep what became of a trial."""
    write_atomic(_place(folder), (json.dumps(dataclasses.asdict(found), indent=2) + "\n").encode())


def _place(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


_SECONDS = 60.0  # of training between two lines of one run


class ComparisonDisplay(Protocol):
    """Text for people; trials that wait, run and end for figures."""

    def say(self, text: str) -> None:
        """A paragraph."""

    def plan(self, trials: Sequence[Trial]) -> None:
        """All trials, before the first begins."""

    def begin(self, trial: Trial) -> None:
        """A trial that begins, or is taken up."""

    def show(self, trial: Trial, event: dict[str, Any]) -> None:
        """Every event of a run."""

    def end(self, trial: Trial, found: Outcome) -> None:
        """A trial that ended, or had ended before."""


class ComparisonLines(AbstractContextManager["ComparisonLines"]):
    """A line where a run begins and ends, and one a minute, for Python sessions and files."""

    def __init__(self) -> None:
        self._count, self._over, self._next = 0, 0, dict[str, float]()

    def __exit__(self, *_: object) -> None:
        pass

    def say(self, text: str) -> None:
        """A paragraph."""
        print(text, flush=True)

    def plan(self, trials: Sequence[Trial]) -> None:
        """All that is to be done."""
        self._count = len(trials)

    def begin(self, trial: Trial) -> None:
        """A run begins, or is taken up."""
        self.say(f"{trial}: begins.")

    def show(self, trial: Trial, event: dict[str, Any]) -> None:
        """Say now and then that it plays."""
        due = self._next.setdefault(str(trial), _SECONDS)
        if event["kind"] == "report" and event["elapsed"] >= due:
            self._next[str(trial)] = event["elapsed"] + _SECONDS
            self.say(f"{trial}: round {event['step']:,} after {event['elapsed']:.0f} s.")
        if event["kind"] == "stop":
            self.say(f"{trial}: round {event['step']:,} after {event['elapsed']:.0f} s. {event['text']}")

    def end(self, trial: Trial, found: Outcome) -> None:
        """A run is over."""
        self._over += found.state in ("finished", "failed")
        self.say(f"{trial}: {found.state}. {found.sentence}".rstrip() + f" ({self._over} of {self._count} are over)")


@dataclass(frozen=True)
class Result:
    """One run, and whose it is."""

    label: str  # of its row: the recipe as it was asked for
    data: str
    seed: int
    folder: Path
    outcome: Outcome
    history: History | None  # none where it never began
    numbers: tuple[MetricValue, ...] = ()
    findings: tuple[Finding, ...] = ()


def trial_results(trials: Sequence[Trial]) -> list[Result]:
    """A result for each trial, in their order; a failed run has no numbers."""
    return [_result(trial.label, trial.data, trial.seed, trial.folder, outcome(trial.folder)) for trial in trials]


def run_results(folders: Sequence[str | Path]) -> list[Result]:
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
    numbers = read_evaluation(folder).numbers if measured else ()
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
