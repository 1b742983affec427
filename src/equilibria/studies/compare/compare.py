"""Compare recipes under equal conditions, or finished runs."""

import dataclasses
import json
import os
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypedDict

from ...core.errors import Refusal
from ...core.files import write_atomic, write_output
from ...core.specs import dashed
from ...core.stored import read_json
from ...data.in_memory import stored_data
from ...evaluation.features import choose
from ...recipes import RECIPES
from ...records.folder import RunFolder
from ...runs.session import split_options
from ..metric_specs import LIKELIHOOD_METRICS, metric_request, read_specs, split_metrics
from .comparison_page import Study, comma_separated, html
from .grid import OUT, TRIALS, ComparisonOptions, Plan, plan_trials
from .pool import executor, run_trials
from .statistics import conclusions, metric_rows
from .trial import ComparisonDisplay, ComparisonLines, Result, outcome, run_results, trial_results

PLAN, REPORT, SPREADSHEET = "comparison.json", "report.html", "report.csv"
FORMAT = 1


@dataclass(frozen=True)
class Comparison:
    """The result of a comparison."""

    folder: Path | None  # None if nothing was written
    study: Study | None  # None if it was interrupted
    command: str  # makes it again, or continues it


def compare(recipes: Sequence[str], display: ComparisonDisplay | None = None, /, **keywords: Any) -> Comparison:
    """Train recipes on the same data, seeds and budget, evaluate all, and write report.html and report.csv.

    A recipe is a name, a JSON file, or either with changes: "wgan:clip=0.1,lr=1e-4". Run folders in place of recipes
    are compared as they were evaluated. Finished runs are not repeated, interrupted ones are resumed. Raises Refusal
    for what cannot be compared.

    Args:
        recipes: Recipes, or run folders.
        display: Shows the progress; default: printed lines.
        keywords: Fields of ComparisonOptions (data, seeds, budget, out, ...); others are keywords of `train` for all.

    Example:
        >>> evaluation = eq.evaluate("runs/digits", ["sliced_wasserstein"], count=32, checkpoints=["best"], say=str)
        >>> print(eq.compare(["runs/digits"]).study.conclusions[0])
        sliced wasserstein on digits, best checkpoint (lower is better): acgan ...
    """
    recipes = [recipes] if isinstance(recipes, str | os.PathLike) else recipes
    recipes = [os.fspath(word) if isinstance(word, os.PathLike) else str(word) for word in recipes]
    display, (options, shared) = display or ComparisonLines(), _split_options(keywords)
    _refuse_samples(recipes)
    if any(RunFolder(word).exists() for word in recipes):
        return _compare_runs(recipes, options, shared, display)
    for word in recipes:
        if "/" in (name := word.partition(":")[0]) and not Path(name).is_file():
            raise Refusal(f"{word} is neither a run nor a recipe: name a recipe, a JSON file, or a run folder.")
    plan = _plan_of(recipes, options, shared)
    if not plan.folder.is_dir():
        RunFolder.create(plan.folder, flag="--out")
    with (folder := RunFolder(plan.folder)).lock():
        write_atomic(folder.path / PLAN, (json.dumps(_plan_record(plan), indent=2) + "\n").encode())
        return _run_plan(plan, display)


def _plan_of(recipes: Sequence[str], options: ComparisonOptions, shared: Mapping[str, Any], number: int = 1) -> Plan:
    """The plan; without `out` its folder is the first of OUT, OUT-2, ... that holds no other comparison."""
    placed = options if options.out or number == 1 else dataclasses.replace(options, out=f"{OUT}-{number}")
    before = dict[str, Any]()  # the plan of a comparison in the same folder
    with suppress(Refusal):
        before = read_json(Path(placed.out or OUT) / PLAN, StoredPlan)
    plan = plan_trials(recipes, placed, shared, before.get("choices", {}))
    try:
        _refuse_other(plan, before)
    except Refusal:
        if options.out or options.force:
            raise
        return _plan_of(recipes, options, shared, number + 1)
    return plan


def _refuse_samples(words: Sequence[str]) -> None:
    """Raise Refusal for folders and files of samples in place of recipes and runs."""
    runs = [word for word in words if RunFolder(word).exists()]
    samples = [word for word in words if _holds_samples(word) and word not in (*runs, *RECIPES)]
    if not samples:
        return
    are = f"{samples[0]} holds" if len(samples) == 1 else f"{' and '.join(samples)} hold"
    if set(samples + runs) != set(words):
        raise Refusal(f"{are} samples, and no run: as data of the recipes it is --data {shlex.quote(samples[0])}.")
    line = shlex.join(["equilibria", "evaluate", *[*words, "REAL"][:1], "--against", *[*words, "REAL"][1:2]])
    raise Refusal(f"{are} samples, and no run: `{line}` measures samples against others.")


def _holds_samples(word: str) -> bool:
    """Whether this is the path of samples."""
    return Path(word).is_dir() or (Path(word).is_file() and Path(word).suffix in (".npy", ".npz", ".zip"))


def _split_options(keywords: Mapping[str, Any]) -> tuple[ComparisonOptions, dict[str, Any]]:
    """The options of the comparison, checked, and the keywords for all runs."""
    words = dict(keywords)
    if (data := words.get("data")) is not None:
        names = isinstance(data, list | tuple) and all(isinstance(each, str | Path) for each in data)
        words["data"] = [str(stored_data(each)) for each in (data if names else [data])]
    if isinstance(words.get("metrics"), list | tuple):
        words["metrics"] = ", ".join(words["metrics"])
    return split_options(words, ComparisonOptions)


def _compare_runs(
    folders: Sequence[str], options: ComparisonOptions, shared: Mapping[str, Any], display: ComparisonDisplay
) -> Comparison:
    """Compare runs by their evaluations, with a report if `out` is set. Raises Refusal for different provenances."""
    out = Path(options.out) if options.out else None
    if out is not None and (out / PLAN).exists():
        raise Refusal(f"{out} holds a comparison: choose another --out.")
    if out is not None and (out / REPORT).exists() and not options.force:
        raise Refusal(f"{out} holds a report already: choose another --out, or replace it with --force.")
    for folder in folders:
        if not RunFolder(folder).exists():
            raise Refusal(f"{folder} is not a run folder, and others are: compare recipes, or runs.")
    changed = [name for name, value in dataclasses.asdict(options).items() if value != getattr(ComparisonOptions, name)]
    if idle := [name for name in (*shared, *changed) if name not in ("out", "force")]:
        raise Refusal(f"{dashed(idle[0])} does not apply to finished runs: leave it out.")
    if twice := [folder for i, folder in enumerate(folders) if Path(folder) in map(Path, folders[:i])]:
        raise Refusal(f"{twice[0]} is named twice.")
    results = run_results(folders)
    labels = list(dict.fromkeys(result.label for result in results))
    about, command = f"{len(results)} runs, as they were evaluated.", shlex.join(["equilibria", "compare", *folders])
    study = _study(labels, about, command, results, strict=True)
    if out is not None:
        _write(study, out, display)
    return Comparison(out, study, command)


def _study(labels: Sequence[str], about: str, command: str, results: Sequence[Result], strict: bool = False) -> Study:
    """The results with conclusions: for each data set about the first metric at the best checkpoint."""
    rows, sets = metric_rows(results, strict), list(dict.fromkeys(result.data for result in results))
    best = [next((row for row in rows if row.data == data and row.checkpoint == "best"), None) for data in sets]
    attempts = Counter((result.data, result.label) for result in results)
    title = f"{', '.join(labels)}: compared on {', '.join(sets)}"
    return Study(title, about, command, results, rows, conclusions([row for row in best if row], attempts))


class StoredPlan(TypedDict):
    """The types of comparison.json."""

    recipes: list[str]
    data: list[str]
    seeds: list[int]
    alike: dict[str, Any]
    choices: dict[str, str]
    command: str


def _plan_record(plan: Plan) -> dict[str, Any]:
    """What a later comparison in the same folder is checked against."""
    options = plan.options
    return {
        "format": FORMAT,
        "recipes": list(plan.recipes),
        "data": list(options.data),
        "seeds": list(range(options.seed, options.seed + options.seeds)),
        "alike": {"budget": options.budget, "said": {k: str(v) for k, v in plan.shared.items()}},
        "choices": dict(plan.choices),
        "command": plan.command,
    }


def _refuse_other(plan: Plan, before: Mapping[str, Any]) -> None:
    """Raise Refusal for a folder with other files, or with the report of a comparison that the plan does not extend."""
    folder, now = plan.folder, _plan_record(plan)
    if not before and folder.is_dir() and any(path.name not in ("lock", TRIALS) for path in folder.iterdir()):
        raise Refusal(f"{folder} holds other files: choose another --out.")
    extends = all(set(before.get(name, ())) <= set(now[name]) for name in ("recipes", "data", "seeds"))
    extends = extends and before.get("alike") == now["alike"]
    if (folder / REPORT).exists() and not plan.options.force and not extends:
        raise Refusal(
            f"{folder} holds the report of another comparison ({before.get('command', '')}): choose another --out, or "
            f"replace its report with --force; its runs are kept."
        )


def _run_plan(plan: Plan, display: ComparisonDisplay) -> Comparison:
    """Run the trials that are left, then report."""
    if unfinished := [trial for trial in plan.trials if not trial.is_finished()]:
        _prepare_metrics(plan, display)
    display.plan(plan.trials)
    for trial in plan.trials:
        if trial not in unfinished:
            display.end(trial, outcome(trial.folder))
    done = not unfinished or run_trials(unfinished, executor(plan.options.on, plan.options.jobs, plan.folder), display)
    if not done or any(outcome(trial.folder).state == "interrupted" for trial in plan.trials):
        count = sum(trial.is_finished() for trial in plan.trials)
        display.say(f"Stopped with {count} of {len(plan.trials)} runs finished. To continue:\n{plan.command}")
        return Comparison(plan.folder, None, plan.command)
    study = _study(plan.recipes, plan.about, plan.command, trial_results(plan.trials))
    _write(study, plan.folder, display)
    return Comparison(plan.folder, study, plan.command)


def _prepare_metrics(plan: Plan, display: ComparisonDisplay) -> None:
    """Refuse metrics that do not apply to the data, and train their feature network once, not in every run."""
    root = Path(plan.shared["data_root"]) if "data_root" in plan.shared else None
    for data in plan.sets:
        specs = read_specs(split_metrics(plan.options.metrics), data)
        specs = [spec for spec in specs if spec["name"] not in LIKELIHOOD_METRICS]
        requests = [metric_request(spec, data, root, display.say) for spec in specs]
        if any(request.metric.input == "features" for request in requests):
            choose(plan.options.features, data, root, display.say)


def _write(study: Study, folder: Path, display: ComparisonDisplay) -> None:
    """Write both files, atomically, in place of earlier ones."""
    again = (folder / REPORT).exists()
    write_output(folder / REPORT, html(study).encode(errors="backslashreplace"))
    write_output(folder / SPREADSHEET, comma_separated(study.metrics).encode(errors="backslashreplace"))
    display.say(f"{'Replaced' if again else 'Written'}: {folder / REPORT} and {folder / SPREADSHEET}.")
