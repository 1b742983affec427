"""The grid of a comparison: recipes, variants, data, seeds, budgets."""

import dataclasses
import re
import shlex
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import Refusal
from ...core.specs import parse
from ...data import Data, load_data
from ...recipes.build import resolve
from ...recipes.options import Options, read_budget
from ...recipes.recipe import Recipe
from ...recipes.settings import no_setting
from ...records.summary import fingerprint
from ...runs.session import load_recipe, split_options
from ...runs.session import recipe_by_name as recipe_named
from ...training.hardware import choose_hardware
from ..metric_specs import read_specs
from ..metric_specs import split_metrics as parted_metrics
from .trial import EvaluationOptions, Trial, digest, folder_name


@dataclass(frozen=True)
class ComparisonOptions:
    """On what, how often, how long, where."""

    data: tuple[str, ...] = ()
    """Data sets, by name or path, separated by commas."""
    seeds: int = 3
    """Runs of each recipe on each data set; with 5 or more, recipes are ranked where the intervals allow it."""
    budget: str | None = None
    """Wall time or images per run: 90s, 5m, 2h, 200000images; or use --rounds."""
    seed: int = 0
    """First seed; the others follow it."""
    out: str | None = None
    """Folder of the runs, report.html and report.csv; default: comparison."""
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


_NEXT = re.compile(r",(?=\s*[A-Za-z_][\w.-]*\s*=)")  # a comma before NAME=; others belong to a value
_SHARED = {"data", "seed", "budget", *Options.__dataclass_fields__} - {"batch"}


def split_changes(word: str) -> tuple[str, dict[str, str]]:
    """The recipe's name or file, and what is changed of it: RECIPE or RECIPE:NAME=VALUE,NAME=VALUE.

    A value may hold commas and colons: "wgan-gp:optimizer.betas=0,0.9,divergence=my_module:mine".
    """
    recipe, colon, rest = word.partition(":")
    changes = dict[str, str]()
    for part in _NEXT.split(rest) if colon else ():
        name, sign, value = (piece.strip() for piece in part.partition("="))
        if not name or not sign:
            raise Refusal(f"{word!r} is not clear: write changes as RECIPE:NAME=VALUE,NAME=VALUE, as in wgan:clip=0.1.")
        if (known := name.replace("-", "_")) in _SHARED:
            raise Refusal(f"{word!r} changes {name}: that is the same for all that are compared; say --{name} VALUE.")
        if known in changes:
            raise Refusal(f"{word!r} says {name} twice.")
        changes[known] = value
    return recipe, changes


OUT = "comparison"
TRIALS = "cells"  # the folder of the runs, by its stored name
_GIVEN = {  # options of `train` that a comparison gives itself
    "name": "runs are named by their recipe, data and seed",
    "runs": "runs are recorded in the folder --out",
    "threads": "each run has one thread, so that several run at a time",
    "dry_run": "nothing is played in vain: look at a recipe by `equilibria train RECIPE --dry-run`",
}


@dataclass(frozen=True)
class Plan:
    """A comparison, as it was asked for and as trials."""

    recipes: tuple[str, ...]  # as they were parse
    options: ComparisonOptions
    said: Mapping[str, Any]  # to all runs: options of `train`, and changes to the recipes
    choices: Mapping[str, Any]  # that were made once for all: device, matmul
    trials: tuple[Trial, ...]  # seed after seed, so that an early look sees every recipe
    sets: tuple[Data, ...]

    @property
    def folder(self) -> Path:
        return Path(self.options.out or OUT)

    @property
    def about(self) -> str:
        """What is played, in a sentence."""
        spent = self.options.budget or f"{self.said['rounds']} rounds"
        alike = ", ".join(f"{name} {value}" for name, value in self.choices.items())
        return (
            f"{len(self.recipes)} recipes, {self.options.seeds} seeds from {self.options.seed} on, {len(self.trials)} "
            f"runs in all, {spent} each, one thread each ({alike} for all)."
        )

    @property
    def command(self) -> str:
        """What makes the comparison again, or goes on with it."""
        told = {f.name: getattr(self.options, f.name) for f in dataclasses.fields(ComparisonOptions)}
        flags = {k: v for k, v in told.items() if v != getattr(ComparisonOptions, k) and k != "force"} | dict(self.said)
        flags["seeds"] = self.options.seeds
        words = [word for name, value in flags.items() for word in _flag(name, value)]
        return " ".join(["equilibria compare", *map(shlex.quote, [*self.recipes, *words])])


def plan_trials(
    recipes: Sequence[str], options: ComparisonOptions, said: Mapping[str, Any], choices: Mapping[str, Any]
) -> Plan:
    """The trials of recipes x data x seeds. `choices` are those of before, if it is gone on with."""
    train_options, changes = _train_options(options, said)
    chosen = dict(choices) or _chosen(train_options)
    kept = {k: v for k, v in dataclasses.asdict(train_options).items() if v != getattr(Options, k)} | chosen
    played = {k: v for k, v in kept.items() if k not in ("data", "rounds", "batch", "seed")}
    trials, sets = [], []
    for place in _sets(options):
        sets.append(data := load_data(place, Path(train_options.data_root) if train_options.data_root else None))
        read_specs(parted_metrics(options.metrics), data)  # a wrong name is refused before the first run
        for word in recipes:
            for seed in range(options.seed, options.seed + options.seeds):
                recipe = _recipe(word, dataclasses.replace(train_options, data=place, seed=seed), changes)
                trials.append(_trial(word, recipe, data, played, options))
    _refuse_twins(recipes, trials)
    return Plan(tuple(recipes), options, said, chosen, tuple(sorted(trials, key=lambda c: c.seed)), tuple(sets))


def _train_options(options: ComparisonOptions, said: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """What all runs are told. Raises Refusal for what a comparison decides itself, or if nothing ends the runs."""
    for name, why in _GIVEN.items():
        if name in said:
            raise Refusal(f"{_named(name)} cannot be said of a comparison: {why}.")
    if not options.data:
        raise Refusal("Say what to compare them on: --data mnist, or several with commas between them.")
    hints = typing.get_type_hints(Options)
    read = {k: parse(v, hints[k], _named(k)) if k in hints else v for k, v in said.items()}
    train_options, changes = split_options(read | {"budget": options.budget, "data": None})
    if options.budget is None and train_options.rounds is None:
        raise Refusal("Say how much each run may spend, the same for all: --budget 5m, 200000images, or --rounds 1000.")
    read_budget(options.budget)
    return train_options, changes


def _chosen(train_options: Options) -> dict[str, str]:
    """The device and the way of multiplying, measured once: all runs have the same."""
    choices = choose_hardware(train_options.device, 1, train_options.matmul, train_options.precision)
    return {"device": choices.device, "matmul": choices.matmul}


def _sets(options: ComparisonOptions) -> list[str]:
    if twice := [name for i, name in enumerate(options.data) if name in options.data[:i]]:
        raise Refusal(f"The data {twice[0]!r} are named twice.")
    return list(options.data)


def _recipe(word: str, train_options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe that a word means, with what is said of all; what it says of itself is narrower."""
    name, own = split_changes(word)
    known = recipe_named(name)
    try:
        return load_recipe(known, train_options, {**changes, **own})
    except Refusal as error:
        hint = next((k for k in changes if str(error).startswith(str(no_setting(known, k))[:40])), None)
        more = f" To change one recipe alone, write {name}:{hint}={changes[hint]}." if hint else ""
        raise Refusal(f"{error}{more}") from None


def _trial(word: str, recipe: Recipe, data: Data, played: Mapping[str, Any], options: ComparisonOptions) -> Trial:
    """A trial, named by a hash of all that decides its run."""
    try:
        resolved = resolve(recipe, data)
    except Refusal:  # it does not fit these data: its run will say so, and the others go on
        resolved = recipe
    known = digest(resolved, fingerprint(data), played)
    folder = Path(options.out or OUT) / TRIALS / folder_name(word, data.name, recipe.seed, known)
    measures = EvaluationOptions(tuple(parted_metrics(options.metrics)), options.features, options.count)
    return Trial(word, data.name, recipe, played, folder.absolute(), measures)


def _refuse_twins(recipes: Sequence[str], trials: Sequence[Trial]) -> None:
    if len(recipes) < 1:
        raise Refusal("Name the recipes to compare, as in `equilibria compare gan-ns wgan-gp`.")
    seen = dict[str, Trial]()
    for trial in trials:
        known = trial.folder.name[-12:] + str(trial.seed) + trial.data
        if known in seen:
            raise Refusal(f"{seen[known].label} and {trial.label} are the same recipe on {trial.data}: name it once.")
        seen[known] = trial


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [_named(name)]
    return [_named(name), ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]


def _named(option: str) -> str:
    return f"--{option.replace('_', '-')}"
