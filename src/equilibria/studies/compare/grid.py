"""The grid of a comparison: recipes and their variants, data sets, seeds, and the budget."""

import dataclasses
import re
import shlex
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...core.specs import dashed, parse
from ...core.text import plural
from ...data import Data, load_data
from ...recipes.build import resolve
from ...recipes.options import Options, read_budget
from ...recipes.recipe import Recipe
from ...recipes.settings import no_setting
from ...records.summary import fingerprint
from ...runs.session import load_recipe, recipe_by_name, split_options
from ...training.hardware import choose_hardware
from ..metric_specs import read_specs, split_metrics
from .trial import EvaluationOptions, Trial, digest, folder_name

OUT = "comparison"  # the default of --out
TRIALS = "cells"  # the folder of the runs, by its stored name
_RESERVED = {  # options of `train` that a comparison sets itself
    "name": "runs are named by their recipe, data and seed",
    "runs": "runs are recorded in the folder --out",
    "threads": "each run has one thread, so that several run at a time",
    "quiet": "redirect the output of the comparison",
    "dry_run": "look at a recipe with `equilibria train RECIPE --dry-run`",
}
_NEXT = re.compile(r",(?=\s*[A-Za-z_][\w.-]*\s*=)")  # a comma before NAME=; others belong to a value
_SHARED = {"data", "seed", "budget", *Options.__dataclass_fields__} - {"batch"}


@dataclass(frozen=True)
class ComparisonOptions:
    """On what data, how often, how long and where recipes are compared."""

    data: tuple[str, ...] = ()
    """Data sets, by name or path, separated by commas."""
    seeds: int = 3
    """Runs of each recipe on each data set; with 5 or more, recipes are ranked where the intervals allow it."""
    budget: str | None = None
    """Wall time or images per run: 90s, 5m, 2h, 200000images; or use --rounds."""
    seed: int = 0
    """First seed; the others follow it."""
    out: str | None = None
    """Folder of the runs, report.html and report.csv; default: comparison, comparison-2, ... for others."""
    jobs: int | None = None
    """Parallel runs, one thread each (default: one per core)."""
    on: str = "pool"
    """Where to run: pool (this machine), ray, ray://HOST:PORT, slurm or slurm:KEY=VALUE,..."""
    metrics: str = ""
    """Metrics, as in `evaluate`; the first decides the conclusion."""
    features: str = "auto"
    """Feature network of the metrics: auto, or a name of `equilibria show features`."""
    count: int = 0
    """Samples per evaluation; 0: as many as there are held-out samples for reports."""
    force: bool = False
    """Replace the report of another comparison in the folder; its runs are kept."""

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise Refusal(f"{name} is {value}: at least 1 is needed.")
        if self.count < 0:
            raise Refusal(f"count is {self.count}: a number of samples is needed, or 0 for as many as there are.")


def split_changes(word: str) -> tuple[str, dict[str, str]]:
    """The recipe's name or file, and the changes to it: RECIPE or RECIPE:NAME=VALUE,NAME=VALUE.

    A value may hold commas and colons: "wgan-gp:optimizer.betas=0,0.9,divergence=my_module:mine".
    """
    recipe, colon, rest = word.partition(":")
    changes = dict[str, str]()
    for part in _NEXT.split(rest) if colon else ():
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not name or not sign:
            raise Refusal(f"{word!r} is unclear: write changes as RECIPE:NAME=VALUE,NAME=VALUE, as in wgan:clip=0.1.")
        if (key := name.replace("-", "_")) in _SHARED:
            raise Refusal(f"{word!r} changes {name}, which is the same for all recipes: use --{name} VALUE.")
        if key in changes:
            raise Refusal(f"{word!r} changes {name} twice.")
        changes[key] = value
    return recipe, changes


@dataclass(frozen=True)
class Plan:
    """A comparison, as it was typed and as trials."""

    recipes: tuple[str, ...]  # as they were typed
    options: ComparisonOptions
    shared: Mapping[str, Any]  # for all runs: options of `train`, and changes to the recipes
    choices: Mapping[str, Any]  # made once for all runs: device, matmul
    trials: tuple[Trial, ...]  # seed after seed, so that every recipe has early results
    sets: tuple[Data, ...]

    @property
    def folder(self) -> Path:
        return Path(self.options.out or OUT)

    @property
    def about(self) -> str:
        """The comparison in a sentence."""
        options, count = self.options, len(self.recipes)
        budget = options.budget or plural(int(self.shared["rounds"]), "round")
        seeds = f"seeds {options.seed} to {options.seed + options.seeds - 1}" if options.seeds > 1 else "one seed"
        hardware = ", ".join(f"{name} {value}" for name, value in self.choices.items())
        return (
            f"{count} recipe{'s' * (count != 1)}, {seeds}, {len(self.trials)} runs in total; {budget} and one thread "
            f"each ({hardware} for all)."
        )

    @property
    def command(self) -> str:
        """The command that makes the comparison again, or continues it."""
        values = dataclasses.asdict(self.options)
        flags = {k: v for k, v in values.items() if v != getattr(ComparisonOptions, k) and k != "force"}
        flags |= dict(self.shared) | {"seeds": self.options.seeds}
        words = [word for name, value in flags.items() for word in _flag(name, value)]
        return shlex.join(["equilibria", "compare", *self.recipes, *words])


def plan_trials(
    recipes: Sequence[str], options: ComparisonOptions, shared: Mapping[str, Any], choices: Mapping[str, Any]
) -> Plan:
    """The trials of recipes x data x seeds. `choices` are those of an interrupted comparison, else empty."""
    if not recipes:
        raise Refusal("Name the recipes to compare, as in `equilibria compare gan-ns wgan-gp`.")
    train_options, changes = _train_options(options, shared)
    if not choices:  # measured once for all runs
        hardware = choose_hardware(train_options.device, 1, train_options.matmul, train_options.precision)
        choices = {"device": hardware.device, "matmul": hardware.matmul}
    keywords = {k: v for k, v in dataclasses.asdict(train_options).items() if v != getattr(Options, k)}
    keywords = {"precision": "fp32"} | keywords | dict(choices)  # the same for all, so not by the time of a round
    keywords = {k: v for k, v in keywords.items() if k not in ("data", "rounds", "batch", "seed")}
    trials, sets = list[Trial](), list[Data]()
    for name in options.data:
        sets.append(data := load_data(name, Path(train_options.data_root) if train_options.data_root else None))
        read_specs(split_metrics(options.metrics), data)  # an unknown name is refused before the first run
        for word in recipes:
            for seed in range(options.seed, options.seed + options.seeds):
                recipe = _recipe(word, dataclasses.replace(train_options, data=name, seed=seed), changes)
                trials.append(_trial(word, recipe, data, keywords, options))
    _refuse_twins(trials)
    trials.sort(key=lambda trial: trial.seed)
    return Plan(tuple(recipes), options, shared, choices, tuple(trials), tuple(sets))


def _train_options(options: ComparisonOptions, shared: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """Options of `train` and changes for all runs. Raises Refusal for reserved options and without data or budget."""
    for name, why in _RESERVED.items():
        if name in shared:
            raise Refusal(f"{dashed(name)} cannot be set in a comparison: {why}.")
    if not options.data:
        raise Refusal("Say what to compare them on: --data mnist, or several separated by commas.")
    if twice := [name for i, name in enumerate(options.data) if name in options.data[:i]]:
        raise Refusal(f"The data set {twice[0]!r} is named twice.")
    hints = typing.get_type_hints(Options)
    values = {k: parse(v, hints[k], dashed(k)) if k in hints else v for k, v in shared.items()}
    train_options, changes = split_options(values | {"budget": options.budget, "data": None}, Options)
    if options.budget is None and train_options.rounds is None:
        raise Refusal("Say how much each run may spend, the same for all: --budget 5m, 200000images, or --rounds 1000.")
    read_budget(options.budget)
    return train_options, changes


def _recipe(word: str, train_options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe of a word with the changes for all; its own changes take precedence."""
    name, own = split_changes(word)
    recipe = recipe_by_name(name)
    try:
        return load_recipe(recipe, train_options, {**changes, **own})
    except Refusal as error:
        hint = next((k for k in changes if str(error).startswith(str(no_setting(recipe, k))[:40])), None)
        more = f" To change one recipe alone, write {name}:{hint}={changes[hint]}." if hint else ""
        raise Refusal(f"{error}{more}") from None


def _trial(word: str, recipe: Recipe, data: Data, keywords: Mapping[str, Any], options: ComparisonOptions) -> Trial:
    """A trial whose folder is named by a hash of all that decides its run."""
    try:
        resolved = resolve(recipe, data, keywords["device"])
    except Refusal:  # it does not fit the data: its run fails with that message, and the others go on
        resolved = recipe
    name = folder_name(word, data.name, recipe.seed, digest(resolved, fingerprint(data), keywords))
    folder = (Path(options.out or OUT) / TRIALS / name).absolute()
    evaluation = EvaluationOptions(tuple(split_metrics(options.metrics)), options.features, options.count)
    return Trial(word, data.name, recipe, keywords, folder, evaluation)


def _refuse_twins(trials: Sequence[Trial]) -> None:
    labels = dict[tuple[str, int, str], str]()
    for trial in trials:
        key = trial.folder.name[-12:], trial.seed, trial.data
        if key in labels:
            raise Refusal(f"{labels[key]} and {trial.label} are the same recipe on {trial.data}: name it once.")
        labels[key] = trial.label


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [dashed(name)]
    return [dashed(name), ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]
