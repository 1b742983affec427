"""Comparing recipes by playing them."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...evaluation.features.choosing import choose
from ...recipes.parts import check
from ...records.folder import RunFolder
from ..evaluating.wishes import INFERRED, parted, specs, wanted
from .cells import Cell, outcome
from .collecting import collected
from .columns import columns
from .concluding import conclusions
from .executors import executor
from .jobs import carry_out
from .keeping import keep, refuse_other, refuse_written, stored, write
from .measured import is_run, measured
from .planning import OUT, Plan, planned
from .report import Study
from .watching import Lines, Watch
from .wishes import Wishes
from .working import is_over


@dataclass(frozen=True)
class Comparison:
    """What came of it."""

    folder: Path | None  # none where nothing was written
    study: Study | None  # none where it was stopped before the end
    command: str  # makes it again, or goes on with it


def compare(recipes: Sequence[str], display: Watch | None = None, /, **keywords: Any) -> Comparison:
    """Play every recipe on every data set with every seed, measure all alike, and write report.html and report.csv.

    A recipe is a name, a JSON file, or either with changes: "wgan:clip=0.1,lr=1e-4". Folders of runs in their place
    are compared as they are, by what was measured. Keywords are the fields of Wishes; what else is said goes to all
    runs, as keywords of `train` do. Finished runs are not played again; one that was interrupted is taken up.
    """
    recipes = [recipes] if isinstance(recipes, str) else [str(recipe) for recipe in recipes]
    watch, (wishes, said) = display or Lines(), _parted(keywords)
    if any(map(is_run, recipes)):
        return _shown(recipes, wishes, said, watch)
    _refuse_lost(recipes)
    folder = Path(wishes.out or OUT)
    before = stored(folder)
    plan = planned(recipes, wishes, said, before.get("choices", {}))
    refuse_other(plan, before)
    if not folder.is_dir():
        RunFolder.create(folder)
    with RunFolder(folder).lock():
        keep(plan)
        return _carried_out(plan, watch)


def _shown(folders: Sequence[str], wishes: Wishes, said: Mapping[str, Any], watch: Watch) -> Comparison:
    """Runs as they were measured; a report of them where one is asked for by `out`."""
    folder = Path(wishes.out) if wishes.out else None
    if folder is not None:
        refuse_written(folder, wishes.force)
    study = measured(folders, wishes, said)
    if folder is not None:
        write(study, folder, watch)
    return Comparison(folder, study, study.command)


def _carried_out(plan: Plan, watch: Watch) -> Comparison:
    """Play what is left to play, then report."""
    if not all(map(_over, plan.cells)):
        _ready(plan, watch)
    watch.plan(plan.cells)
    left = [cell for cell in plan.cells if not _over(cell)]
    for cell in plan.cells:
        if cell not in left:
            watch.end(cell, outcome(cell.folder))
    done = not left or carry_out(left, executor(plan.wishes.on, plan.wishes.jobs, plan.folder), watch)
    if not done or any(outcome(cell.folder).state == "interrupted" for cell in plan.cells):
        over = sum(map(_over, plan.cells))
        watch.say(f"Stopped with {over} of {len(plan.cells)} runs finished. This goes on:\n{plan.command}")
        return Comparison(plan.folder, None, plan.command)
    study = _study(plan)
    write(study, plan.folder, watch)
    return Comparison(plan.folder, study, plan.command)


def _study(plan: Plan) -> Study:
    """What came of the cells, and what may be said of it: by the first metric at the best checkpoint."""
    results = collected(plan.cells)
    found, sets = columns(results), list(dict.fromkeys(cell.data for cell in plan.cells))
    chosen = [next((c for c in found if c.data == data and c.checkpoint == "best"), None) for data in sets]
    begun = Counter((result.data, result.label) for result in results)
    title = f"{', '.join(plan.recipes)}: compared on {', '.join(sets)}"
    said = conclusions([column for column in chosen if column is not None], begun)
    return Study(title, plan.about, plan.command, results, found, said)


def _ready(plan: Plan, watch: Watch) -> None:
    """Refuse metrics that the data do not allow; train the network that they see by once, not in every run."""
    root = Path(plan.said["data_root"]) if "data_root" in plan.said else None
    for data in plan.sets:
        named = [spec for spec in specs(parted(plan.wishes.metrics), data) if spec["name"] not in INFERRED]
        asked = [wanted(spec, data, root, watch.say) for spec in named]
        if any(each.metric.sees == "features" for each in asked):
            choose(plan.wishes.features, data, root, watch.say)


def _over(cell: Cell) -> bool:
    return is_over(cell, outcome(cell.folder))


def _parted(keywords: Mapping[str, Any]) -> tuple[Wishes, dict[str, Any]]:
    """What is said of the comparison, checked, and what is said of all runs."""
    known = {field.name for field in dataclasses.fields(Wishes)}
    told = {k: v for k, v in keywords.items() if k in known}
    if isinstance(told.get("out"), Path):
        told["out"] = str(told["out"])
    if "data" in told:
        told["data"] = [str(d) for d in ([told["data"]] if isinstance(told["data"], str | Path) else told["data"])]
    if isinstance(told.get("metrics"), list | tuple):
        told["metrics"] = ", ".join(told["metrics"])
    wishes = Wishes(**{k: check(Wishes, k, v, k) for k, v in told.items()})
    return wishes, {k: v for k, v in keywords.items() if k not in known}


def _refuse_lost(recipes: Sequence[str]) -> None:
    """A word that looks like a place, where nothing is."""
    for word in recipes:
        name = word.partition(":")[0]
        if "/" in name and not Path(name).is_file():
            raise Refusal(f"{word} is neither a run nor a recipe: name a recipe, a JSON file, or a run's folder.")
