"""Comparing recipes by playing them, or runs by what was measured of them."""

import dataclasses
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal
from ...evaluation.features.choosing import choose
from ...recipes.parts import check
from ...training.records import create, locked, replace
from ..evaluating.wishes import INFERRED, specs, wanted
from ..evaluating.wishes import parted as parted_metrics
from .cells import Cell, outcome
from .collecting import Result, collected, runs
from .columns import columns
from .concluding import conclusions
from .executors import executor
from .jobs import carry_out
from .planning import Plan, planned, stored
from .report import Study, html
from .spreadsheet import comma_separated
from .watching import Lines, Watch
from .wishes import Wishes
from .working import is_over

PLAN, REPORT, SHEET = "comparison.json", "report.html", "report.csv"
_FORMAT = 1


@dataclass(frozen=True)
class Comparison:
    """What came of it."""

    folder: Path | None  # none where nothing was written
    study: Study | None  # none where it was stopped before the end
    command: str  # makes it again, or goes on with it


def compare(recipes: Sequence[str], watch: Watch | None = None, **keywords: Any) -> Comparison:
    """Play every recipe on every data set with every seed, measure all alike, and write report.html and report.csv.

    A recipe is a name, a JSON file, or either with changes: "wgan:clip=0.1,lr=1e-4". Folders of runs in their place
    are compared as they are, by what was measured. Keywords are the fields of Wishes; what else is said goes to all
    runs, as keywords of `train` do. Finished runs are not played again; one that was interrupted is taken up.
    """
    wishes, said = _parted(keywords)
    if any(map(_is_run, recipes)):
        return _runs(recipes, wishes, said)
    if lost := [
        word for word in recipes if "/" in word.partition(":")[0] and not Path(word.partition(":")[0]).is_file()
    ]:
        raise Refusal(
            f"There is no run in {lost[0]}, and no recipe: give a name, a JSON file, or a folder like runs/NAME."
        )
    watch, folder = watch or Lines(), Path(wishes.out or "comparison")
    before = stored(folder)
    plan = planned(recipes, wishes, said, before.get("choices", {}))
    _refuse_other(plan, before, folder)
    if not folder.is_dir():
        create(folder)
    with locked(folder):
        return _carried_out(plan, watch)


def _carried_out(plan: Plan, watch: Watch) -> Comparison:
    """Play what is left to play, then report."""
    where = executor(plan.wishes.on, plan.wishes.jobs, plan.folder)
    replace(plan.folder / PLAN, (json.dumps(_told(plan), indent=2) + "\n").encode())
    _ready(plan, watch)
    watch.plan(plan.cells)
    left = [cell for cell in plan.cells if not _over(cell, watch)]
    if not carry_out(left, where, watch) or any(outcome(c.folder).state == "interrupted" for c in plan.cells):
        over = len(plan.cells) - sum(not is_over(cell, outcome(cell.folder)) for cell in plan.cells)
        watch.say(f"Stopped with {over} of {len(plan.cells)} runs finished. This goes on:\n{plan.command}")
        return Comparison(plan.folder, None, plan.command)
    study = _study(plan, collected(plan.cells))
    write(study, plan.folder, watch)
    return Comparison(plan.folder, study, plan.command)


def _ready(plan: Plan, watch: Watch) -> None:
    """Refuse metrics that the data do not allow; train the network that they see by once, not in every run."""
    root = plan.said.get("data_root")
    for data in plan.sets:
        asked = [
            wanted(spec, data, Path(root) if root else None, watch.say)
            for spec in specs(parted_metrics(plan.wishes.metrics), data)
            if spec["name"] not in INFERRED
        ]
        if any(each.metric.sees == "features" for each in asked):
            choose(plan.wishes.features, data, Path(root) if root else None, watch.say)


def write(study: Study, folder: Path, watch: Watch) -> None:
    """Both files, each whole; those of before are replaced."""
    made = {REPORT: html(study), SHEET: comma_separated(study.columns)}
    again = (folder / REPORT).exists()
    try:
        for name, text in made.items():
            replace(folder / name, text.encode())
    except OSError as error:
        raise Failure(f"The report cannot be written to {folder} ({error.strerror or error}).") from error
    watch.say(f"{'Replaced' if again else 'Written'}: {folder / REPORT} and {folder / SHEET}.")


def _study(plan: Plan, results: Sequence[Result]) -> Study:
    found = columns(results)
    first = {column.data: column for column in reversed(found) if column.checkpoint == "best"}
    begun = Counter((result.data, result.label) for result in results)
    about = _about(plan)
    title = f"{', '.join(plan.recipes)}: compared on {', '.join(dict.fromkeys(c.data for c in plan.cells))}"
    said = conclusions([first[data] for data in dict.fromkeys(r.data for r in results) if data in first], begun)
    return Study(title, about, plan.command, results, found, said)


def _about(plan: Plan) -> str:
    wishes, cells = plan.wishes, len(plan.cells)
    spent = wishes.budget or f"{plan.said.get('rounds')} rounds"
    alike = ", ".join(f"{name} {value}" for name, value in plan.choices.items())
    return (
        f"{len(plan.recipes)} recipes, {wishes.seeds} seeds from {wishes.seed} on, {cells} runs in all, {spent} each, "
        f"one thread each ({alike} for all)."
    )


def _over(cell: Cell, watch: Watch) -> bool:
    """Whether nothing is left to do of a cell; says so."""
    found = outcome(cell.folder)
    if over := is_over(cell, found):
        watch.end(cell, found)
    return over


def _parted(keywords: Mapping[str, Any]) -> tuple[Wishes, dict[str, Any]]:
    """What is said of the comparison, checked, and what is said of all runs."""
    known = {field.name for field in dataclasses.fields(Wishes)}
    told = {k: v for k, v in keywords.items() if k in known}
    if "data" in told:
        data = told["data"]
        told["data"] = [str(data)] if isinstance(data, str | Path) else list(map(str, data))
    if isinstance(told.get("metrics"), list | tuple):
        told["metrics"] = ", ".join(told["metrics"])
    if "out" in told and told["out"] is not None:
        told["out"] = str(told["out"])
    wishes = Wishes(**{k: check(Wishes, k, v, k) for k, v in told.items()})
    return wishes, {k: v for k, v in keywords.items() if k not in known}


def _runs(folders: Sequence[str], wishes: Wishes, said: Mapping[str, Any]) -> Comparison:
    """Runs that lie somewhere, side by side."""
    for folder in folders:
        if not _is_run(folder):
            raise Refusal(f"{folder} is no folder of a run, and others are: compare recipes, or runs.")
    if idle := [name for name in (*said, *_changed(wishes)) if name not in ("out", "force")]:
        raise Refusal(f"--{idle[0].replace('_', '-')} means nothing for runs that have been played: leave it out.")
    results = runs(folders)
    found = columns(results, strict=True)
    command = " ".join(["equilibria compare", *folders])
    title = f"{', '.join(dict.fromkeys(r.label for r in results))}: compared on {results[0].data}"
    begun = Counter((result.data, result.label) for result in results)
    first = next((column for column in found if column.checkpoint == "best"), None)
    study = Study(
        title,
        f"{len(results)} runs, as they were measured.",
        command,
        results,
        found,
        conclusions([first] if first else [], begun),
    )
    return Comparison(None, study, command)


def _changed(wishes: Wishes) -> list[str]:
    return [f.name for f in dataclasses.fields(Wishes) if getattr(wishes, f.name) != getattr(Wishes, f.name)]


def _is_run(word: str) -> bool:
    return (Path(word) / "recipe.json").is_file()


def _told(plan: Plan) -> dict[str, Any]:
    """What a later call compares itself with."""
    return {
        "format": _FORMAT,
        "recipes": list(plan.recipes),
        "data": list(plan.wishes.data),
        "seeds": [plan.wishes.seed, plan.wishes.seeds],
        "alike": {"budget": plan.wishes.budget, "said": {k: str(v) for k, v in plan.said.items()}},
        "choices": dict(plan.choices),
        "command": plan.command,
    }


def _refuse_other(plan: Plan, before: Mapping[str, Any], folder: Path) -> None:
    """A folder with something else in it, or with the report of a comparison that this one does not contain."""
    if not before and folder.is_dir() and any(path.name != "lock" for path in folder.iterdir()):
        raise Refusal(f"{folder} holds something else than a comparison: choose another --out.")
    now = _told(plan)
    first, count = before.get("seeds", [plan.wishes.seed, 0])
    contained = (
        set(before.get("recipes", [])) <= set(plan.recipes)
        and set(before.get("data", [])) <= set(plan.wishes.data)
        and plan.wishes.seed <= first
        and first + count <= plan.wishes.seed + plan.wishes.seeds
        and before.get("alike", now["alike"]) == now["alike"]
    )
    if not contained and (folder / REPORT).exists() and not plan.wishes.force:
        raise Refusal(
            f"{folder} holds the report of another comparison ({before.get('command', '')}): choose another --out, or "
            f"replace its report with --force; its runs are kept."
        )
