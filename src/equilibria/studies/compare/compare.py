"""Compare recipes under equal conditions, or finished runs."""

import dataclasses
import json
import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal
from ...core.files import write_atomic
from ...core.specs import check
from ...evaluation.features import choose
from ...records.folder import RunFolder
from ..metric_specs import LIKELIHOOD_METRICS, metric_request, read_specs, split_metrics
from .comparison_page import Study, comma_separated, html
from .grid import OUT, TRIALS, ComparisonOptions, Plan, plan_trials
from .pool import executor, run_trials
from .statistics import conclusions, metric_rows
from .trial import ComparisonDisplay, ComparisonLines, Trial, outcome, run_results, trial_results
from .worker import is_finished

PLAN, REPORT, SHEET = "comparison.json", "report.html", "report.csv"
FORMAT = 1


def stored_plan(folder: Path) -> dict[str, Any]:
    """What was asked of the comparison that lies in a folder; nothing if there is none."""
    try:
        said = json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def write_plan(plan: Plan) -> None:
    """Write down what was asked."""
    write_atomic(plan.folder / PLAN, (json.dumps(_plan_record(plan), indent=2) + "\n").encode())


def write(study: Study, folder: Path, watch: ComparisonDisplay) -> None:
    """Both files, each whole; those of before are replaced, and it is said."""
    made = {REPORT: html(study), SHEET: comma_separated(study.columns)}
    again = (folder / REPORT).exists()
    try:
        for name, text in made.items():
            write_atomic(folder / name, text.encode())
    except OSError as error:
        raise Failure(f"The report cannot be written to {folder} ({error.strerror or error}).") from error
    watch.say(f"{'Replaced' if again else 'Written'}: {folder / REPORT} and {folder / SHEET}.")


def refuse_written(folder: Path, force: bool) -> None:
    """A folder that was named, in which there is a comparison, or a report that may not be replaced."""
    if (folder / PLAN).exists():
        raise Refusal(f"{folder} holds a comparison: choose another --out.")
    if (folder / REPORT).exists() and not force:
        raise Refusal(f"{folder} holds a report already: choose another --out, or replace it with --force.")


def refuse_other(plan: Plan, before: Mapping[str, Any]) -> None:
    """A folder with something else in it, or with the report of a comparison that this one does not contain."""
    folder = plan.folder
    if not before and folder.is_dir() and any(path.name not in ("lock", TRIALS) for path in folder.iterdir()):
        raise Refusal(f"{folder} holds something else than a comparison: choose another --out.")
    if (folder / REPORT).exists() and not plan.options.force and not _contains(_plan_record(plan), before):
        raise Refusal(
            f"{folder} holds the report of another comparison ({before.get('command', '')}): choose another --out, or "
            f"replace its report with --force; its runs are kept."
        )


def _contains(now: Mapping[str, Any], before: Mapping[str, Any]) -> bool:
    """Whether a comparison is the same as before, or more of the same."""
    sets = all(set(before.get(name, ())) <= set(now[name]) for name in ("recipes", "data", "seeds"))
    return sets and before.get("alike") == now["alike"]


def _plan_record(plan: Plan) -> dict[str, Any]:
    """What a later call compares itself with."""
    options = plan.options
    return {
        "format": FORMAT,
        "recipes": list(plan.recipes),
        "data": list(options.data),
        "seeds": list(range(options.seed, options.seed + options.seeds)),
        "alike": {"budget": options.budget, "said": {k: str(v) for k, v in plan.said.items()}},
        "choices": dict(plan.choices),
        "command": plan.command,
    }


_OPTIONS_OF_RUNS = ("out", "force")  # of runs that are not played


def compare_runs(folders: Sequence[str], options: ComparisonOptions, said: Mapping[str, Any]) -> Study:
    """The numbers of runs. Raises Refusal where two of a column were not measured alike, and says what differs."""
    for folder in folders:
        if not is_run(folder):
            raise Refusal(f"{folder} is no folder of a run, and others are: compare recipes, or runs.")
    changed = [
        f.name
        for f in dataclasses.fields(ComparisonOptions)
        if getattr(options, f.name) != getattr(ComparisonOptions, f.name)
    ]
    if idle := [name for name in (*said, *changed) if name not in _OPTIONS_OF_RUNS]:
        raise Refusal(f"--{idle[0].replace('_', '-')} means nothing for runs that have been played: leave it out.")
    if twice := [folder for i, folder in enumerate(folders) if Path(folder) in map(Path, folders[:i])]:
        raise Refusal(f"{twice[0]} is named twice.")
    results = run_results(folders)
    found = metric_rows(results, strict=True)
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


@dataclass(frozen=True)
class Comparison:
    """What came of it."""

    folder: Path | None  # none where nothing was written
    study: Study | None  # none where it was stopped before the end
    command: str  # makes it again, or goes on with it


def compare(recipes: Sequence[str], display: ComparisonDisplay | None = None, /, **keywords: Any) -> Comparison:
    """Play every recipe on every data set with every seed, measure all alike, and write report.html and report.csv.

    A recipe is a name, a JSON file, or either with changes: "wgan:clip=0.1,lr=1e-4". Folders of runs in their place
    are compared as they were measured. Keywords are the fields of ComparisonOptions; all others go to the
    runs, as keywords of `train`. Finished runs are not repeated, interrupted ones are resumed.
    """
    recipes = [recipes] if isinstance(recipes, str) else [str(recipe) for recipe in recipes]
    watch, (options, said) = display or ComparisonLines(), _split_options(keywords)
    if any(map(is_run, recipes)):
        return _compare_finished(recipes, options, said, watch)
    _refuse_missing(recipes)
    folder = Path(options.out or OUT)
    before = stored_plan(folder)
    plan = plan_trials(recipes, options, said, before.get("choices", {}))
    refuse_other(plan, before)
    if not folder.is_dir():
        RunFolder.create(folder)
    with RunFolder(folder).lock():
        write_plan(plan)
        return _run_plan(plan, watch)


def _compare_finished(
    folders: Sequence[str], options: ComparisonOptions, said: Mapping[str, Any], watch: ComparisonDisplay
) -> Comparison:
    """Runs as they were measured; a report of them where one is asked for by `out`."""
    folder = Path(options.out) if options.out else None
    if folder is not None:
        refuse_written(folder, options.force)
    study = compare_runs(folders, options, said)
    if folder is not None:
        write(study, folder, watch)
    return Comparison(folder, study, study.command)


def _run_plan(plan: Plan, watch: ComparisonDisplay) -> Comparison:
    """Play what is left to play, then report."""
    if not all(map(_is_finished, plan.trials)):
        _ready(plan, watch)
    watch.plan(plan.trials)
    left = [trial for trial in plan.trials if not _is_finished(trial)]
    for trial in plan.trials:
        if trial not in left:
            watch.end(trial, outcome(trial.folder))
    done = not left or run_trials(left, executor(plan.options.on, plan.options.jobs, plan.folder), watch)
    if not done or any(outcome(trial.folder).state == "interrupted" for trial in plan.trials):
        over = sum(map(_is_finished, plan.trials))
        watch.say(f"Stopped with {over} of {len(plan.trials)} runs finished. This goes on:\n{plan.command}")
        return Comparison(plan.folder, None, plan.command)
    study = _study(plan)
    write(study, plan.folder, watch)
    return Comparison(plan.folder, study, plan.command)


def _study(plan: Plan) -> Study:
    """What came of the trials, and what may be said of it: by the first metric at the best checkpoint."""
    results = trial_results(plan.trials)
    found, sets = metric_rows(results), list(dict.fromkeys(trial.data for trial in plan.trials))
    chosen = [next((c for c in found if c.data == data and c.checkpoint == "best"), None) for data in sets]
    begun = Counter((result.data, result.label) for result in results)
    title = f"{', '.join(plan.recipes)}: compared on {', '.join(sets)}"
    said = conclusions([column for column in chosen if column is not None], begun)
    return Study(title, plan.about, plan.command, results, found, said)


def _ready(plan: Plan, watch: ComparisonDisplay) -> None:
    """Refuse metrics that the data do not allow; train the network that they see by once, not in every run."""
    root = Path(plan.said["data_root"]) if "data_root" in plan.said else None
    for data in plan.sets:
        named = [
            spec
            for spec in read_specs(split_metrics(plan.options.metrics), data)
            if spec["name"] not in LIKELIHOOD_METRICS
        ]
        asked = [metric_request(spec, data, root, watch.say) for spec in named]
        if any(each.metric.input == "features" for each in asked):
            choose(plan.options.features, data, root, watch.say)


def _is_finished(trial: Trial) -> bool:
    return is_finished(trial, outcome(trial.folder))


def _split_options(keywords: Mapping[str, Any]) -> tuple[ComparisonOptions, dict[str, Any]]:
    """What is said of the comparison, checked, and what is said of all runs."""
    known = {field.name for field in dataclasses.fields(ComparisonOptions)}
    told = {k: v for k, v in keywords.items() if k in known}
    if isinstance(told.get("out"), Path):
        told["out"] = str(told["out"])
    if "data" in told:
        told["data"] = [str(d) for d in ([told["data"]] if isinstance(told["data"], str | Path) else told["data"])]
    if isinstance(told.get("metrics"), list | tuple):
        told["metrics"] = ", ".join(told["metrics"])
    options = ComparisonOptions(**{k: check(ComparisonOptions, k, v, k) for k, v in told.items()})
    return options, {k: v for k, v in keywords.items() if k not in known}


def _refuse_missing(recipes: Sequence[str]) -> None:
    """A word that looks like a place, where nothing is."""
    for word in recipes:
        name = word.partition(":")[0]
        if "/" in name and not Path(name).is_file():
            raise Refusal(f"{word} is neither a run nor a recipe: name a recipe, a JSON file, or a run's folder.")
