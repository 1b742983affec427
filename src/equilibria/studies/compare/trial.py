"""One trial of a comparison, its recorded outcome, and its results."""

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

from ...core.errors import Refusal
from ...core.files import write_atomic
from ...core.stored import read_json
from ...core.text import say
from ...evaluation.doctor.base import Finding
from ...evaluation.doctor.report import doctor
from ...recipes.recipe import Recipe
from ...records.folder import RunFolder
from ...records.history import History, read_history
from ..results import MetricValue, stored_evaluation

_NOT_TRAINING = ("about", "format")  # fields of a recipe without influence on the run
_PLACES = ("data_root",)  # options that say where the data is, not which
_SECONDS = 60.0  # of training between two lines of one run


@dataclass(frozen=True)
class EvaluationOptions:
    """How a run is evaluated after training."""

    metrics: tuple[str, ...] = ()  # none: those that suit the data
    features: str = "auto"
    count: int = 0  # samples; 0: as many as there are held-out samples for reports

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> Self:
        """The options that were stored."""
        fields = {name: value for name, value in stored.items() if name in cls.__dataclass_fields__}
        return cls(**{**fields, "metrics": tuple(stored.get("metrics", ()))})


@dataclass(frozen=True)
class Trial:
    """One training with its evaluation."""

    label: str  # the recipe as it was typed: "wgan:clip=0.1"
    data: str  # likewise
    recipe: Recipe  # with its data and its seed
    options: Mapping[str, Any]  # other keywords of `train`: budget, device, ...
    folder: Path  # of the run
    evaluation: EvaluationOptions = field(default_factory=EvaluationOptions)

    @property
    def seed(self) -> int:
        return self.recipe.seed

    def __str__(self) -> str:
        return f"{self.label} on {self.data}, seed {self.seed}"

    def is_finished(self) -> bool:
        """Whether nothing is left to do."""
        end = outcome(self.folder)
        return end.final and (end.state == "failed" or end.measured == self.evaluation)

    def to_json(self) -> str:
        """The trial as text, for another process."""
        return json.dumps(dataclasses.asdict(self) | {"folder": str(self.folder.absolute())})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The trial of a text."""
        stored = json.loads(text)
        evaluation = EvaluationOptions.from_dict(stored["evaluation"])
        parts = {"recipe": Recipe(**stored["recipe"]), "folder": Path(stored["folder"]), "evaluation": evaluation}
        return cls(**stored | parts)


@dataclass(frozen=True)
class Outcome:
    """The state of a trial."""

    state: str = "waiting"  # "running", "finished", "failed", "interrupted"
    sentence: str = ""  # why it failed
    final: bool = False  # running it again would change nothing
    measured: EvaluationOptions | None = None  # how it was evaluated
    peak: int = 0  # memory of its process in bytes, at most; 0 if unknown


def digest(recipe: Recipe, fingerprint: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    """What identifies a trial: a hash of the resolved recipe, the data, the budget and the options."""
    fields = {key: value for key, value in dataclasses.asdict(recipe).items() if key not in _NOT_TRAINING}
    used = {key: value for key, value in options.items() if key not in _PLACES}
    text = json.dumps([fields, dict(fingerprint), used], sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=6).hexdigest()


def folder_name(label: str, data: str, seed: int, digest: str) -> str:
    """A readable name for the folder of a trial, unique by the digest."""
    words = [re.sub(r"[^\w.=]+", "-", part).strip("-.")[:40] for part in (label, Path(data).stem)]
    return "-".join([*words, str(seed), digest])


def outcome(folder: Path) -> Outcome:
    """The recorded state of the trial whose run is in this folder."""
    try:
        stored = read_json(_outcome_file(folder), Outcome)
    except Refusal:
        return Outcome()
    if measured := stored.get("measured"):
        stored["measured"] = EvaluationOptions.from_dict(measured)
    return Outcome(**{name: stored[name] for name in Outcome.__dataclass_fields__ if name in stored})


def record(folder: Path, outcome: Outcome) -> None:
    """Record the state of a trial."""
    write_atomic(_outcome_file(folder), (json.dumps(dataclasses.asdict(outcome), indent=2) + "\n").encode())


def _outcome_file(folder: Path) -> Path:
    return folder.with_name(f"{folder.name}.json")


class ComparisonDisplay(Protocol):
    """Shows text, all trials before the first starts, and for each trial its start, its events and its end."""

    def say(self, text: str) -> None: ...
    def plan(self, trials: Sequence[Trial]) -> None: ...
    def begin(self, trial: Trial) -> None: ...
    def show(self, trial: Trial, event: dict[str, Any]) -> None: ...
    def end(self, trial: Trial, outcome: Outcome) -> None: ...


class ComparisonLines:
    """Prints a line when a run starts or ends, and one a minute, for Python sessions and files."""

    def __init__(self) -> None:
        self._count, self._ended, self._next = 0, 0, dict[str, float]()

    def say(self, text: str) -> None:
        say(text)

    def plan(self, trials: Sequence[Trial]) -> None:
        self._count = len(trials)

    def begin(self, trial: Trial) -> None:
        self.say(f"{trial}: starts.")

    def show(self, trial: Trial, event: dict[str, Any]) -> None:
        due = self._next.setdefault(str(trial), _SECONDS)
        line = f"{trial}: round {event['step']:,} after {event['elapsed']:.0f} s."
        if event["kind"] == "report" and event["elapsed"] >= due:
            self._next[str(trial)] = event["elapsed"] + _SECONDS
            self.say(line)
        if event["kind"] == "stop":
            self.say(f"{line} {event['text']}")

    def end(self, trial: Trial, outcome: Outcome) -> None:
        self._ended += outcome.state in ("finished", "failed")
        self.say(f"{trial}: {outcome.state} ({self._ended} of {self._count}). {outcome.sentence}".rstrip())


@dataclass(frozen=True)
class Result:
    """A trial, or any run, with all that is known of it."""

    label: str  # the recipe as it was typed
    data: str
    seed: int
    folder: Path
    outcome: Outcome
    history: History | None  # None if training never started
    numbers: tuple[MetricValue, ...] = ()
    findings: tuple[Finding, ...] = ()
    verdict: str = "unknown"  # of the doctor


def trial_results(trials: Sequence[Trial]) -> list[Result]:
    """A result for each trial, in their order; a failed run has no numbers."""
    return [_result(trial.label, trial.data, trial.seed, trial.folder, outcome(trial.folder)) for trial in trials]


def run_results(folders: Sequence[str | Path]) -> list[Result]:
    """Results of runs in any folders. Raises Refusal for a folder without a run, and for a run without numbers.

    Runs that differ only in the seed share a label: the recipe's name, if that is unique.
    """
    histories, results = [read_history(Path(folder)).require_events() for folder in folders], []
    for run in histories:
        seed, state = int(run.recipe["seed"]), Outcome("finished")
        results.append(result := _result(_label(run, histories), run.data, seed, run.folder, state))
        if not result.numbers:
            raise Refusal(f"{run.folder} has no numbers yet: run `equilibria evaluate {run.folder}`.")
    return results


def _result(label: str, data: str, seed: int, folder: Path, outcome: Outcome) -> Result:
    history = read_history(folder).require_events() if RunFolder(folder).exists() else None
    findings, verdict = ((checkup := doctor(folder)).findings, checkup.verdict) if history else ((), "unknown")
    numbers = stored_evaluation(folder).numbers if outcome.state == "finished" else ()
    return Result(label, data, seed, folder, outcome, history, numbers, findings, verdict)


def _label(run: History, runs: Sequence[History]) -> str:
    """The recipe's name, unless runs of other settings have it, too, or a seed occurs twice: then the folder's."""
    same = [other for other in runs if _without_seed(other) == _without_seed(run)]
    name = str(run.recipe["name"])
    unique = all(other in same for other in runs if other.recipe["name"] == name)
    seeds = [other.recipe["seed"] for other in same]
    return name if unique and len(set(seeds)) == len(seeds) else run.folder.name


def _without_seed(run: History) -> dict[str, object]:
    """All that decides a run, except for the seed."""
    fields = {key: value for key, value in run.recipe.items() if key not in ("seed", "rounds", "about")}
    return fields | {"end": run.summary["end"], "data": run.summary["data"]}
