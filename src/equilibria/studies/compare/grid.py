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
from ...core.specs import typed
from ...data import Data, load_data
from ...recipes.build import resolve
from ...recipes.options import Options, read_budget
from ...recipes.recipe import Recipe
from ...recipes.settings import no_setting
from ...records.summary import fingerprint
from ...runs.session import load_recipe, split_options
from ...runs.session import recipe_by_name as recipe_named
from ...training.hardware import choose_hardware
from ..metric_specs import parted as parted_metrics
from ..metric_specs import specs
from .trial import Cell, Measures, digest, named


@dataclass(frozen=True)
class Wishes:
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


def parted(word: str) -> tuple[str, dict[str, str]]:
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
CELLS = "cells"  # the folder of the runs
_GIVEN = {  # options of `train` that a comparison gives itself
    "name": "runs are named by their recipe, data and seed",
    "runs": "runs are recorded in the folder --out",
    "threads": "each run has one thread, so that several run at a time",
    "dry_run": "nothing is played in vain: look at a recipe by `equilibria train RECIPE --dry-run`",
}


@dataclass(frozen=True)
class Plan:
    """A comparison, as it was asked for and as cells."""

    recipes: tuple[str, ...]  # as they were typed
    wishes: Wishes
    said: Mapping[str, Any]  # to all runs: options of `train`, and changes to the recipes
    choices: Mapping[str, Any]  # that were made once for all: device, matmul
    cells: tuple[Cell, ...]  # seed after seed, so that an early look sees every recipe
    sets: tuple[Data, ...]

    @property
    def folder(self) -> Path:
        return Path(self.wishes.out or OUT)

    @property
    def about(self) -> str:
        """What is played, in a sentence."""
        spent = self.wishes.budget or f"{self.said['rounds']} rounds"
        alike = ", ".join(f"{name} {value}" for name, value in self.choices.items())
        return (
            f"{len(self.recipes)} recipes, {self.wishes.seeds} seeds from {self.wishes.seed} on, {len(self.cells)} "
            f"runs in all, {spent} each, one thread each ({alike} for all)."
        )

    @property
    def command(self) -> str:
        """What makes the comparison again, or goes on with it."""
        told = {f.name: getattr(self.wishes, f.name) for f in dataclasses.fields(Wishes)}
        flags = {k: v for k, v in told.items() if v != getattr(Wishes, k) and k != "force"} | dict(self.said)
        flags["seeds"] = self.wishes.seeds
        words = [word for name, value in flags.items() for word in _flag(name, value)]
        return " ".join(["equilibria compare", *map(shlex.quote, [*self.recipes, *words])])


def planned(recipes: Sequence[str], wishes: Wishes, said: Mapping[str, Any], choices: Mapping[str, Any]) -> Plan:
    """The cells of recipes x data x seeds. `choices` are those of before, if it is gone on with."""
    options, changes = _options(wishes, said)
    chosen = dict(choices) or _chosen(options)
    kept = {k: v for k, v in dataclasses.asdict(options).items() if v != getattr(Options, k)} | chosen
    played = {k: v for k, v in kept.items() if k not in ("data", "rounds", "batch", "seed")}
    cells, sets = [], []
    for place in _sets(wishes):
        sets.append(data := load_data(place, Path(options.data_root) if options.data_root else None))
        specs(parted_metrics(wishes.metrics), data)  # a wrong name is refused before the first run
        for word in recipes:
            for seed in range(wishes.seed, wishes.seed + wishes.seeds):
                recipe = _recipe(word, dataclasses.replace(options, data=place, seed=seed), changes)
                cells.append(_cell(word, recipe, data, played, wishes))
    _refuse_twins(recipes, cells)
    return Plan(tuple(recipes), wishes, said, chosen, tuple(sorted(cells, key=lambda c: c.seed)), tuple(sets))


def _options(wishes: Wishes, said: Mapping[str, Any]) -> tuple[Options, dict[str, Any]]:
    """What all runs are told. Raises Refusal for what a comparison decides itself, or if nothing ends the runs."""
    for name, why in _GIVEN.items():
        if name in said:
            raise Refusal(f"{_named(name)} cannot be said of a comparison: {why}.")
    if not wishes.data:
        raise Refusal("Say what to compare them on: --data mnist, or several with commas between them.")
    hints = typing.get_type_hints(Options)
    read = {k: typed(v, hints[k], _named(k)) if k in hints else v for k, v in said.items()}
    options, changes = split_options(read | {"budget": wishes.budget, "data": None})
    if wishes.budget is None and options.rounds is None:
        raise Refusal("Say how much each run may spend, the same for all: --budget 5m, 200000images, or --rounds 1000.")
    read_budget(wishes.budget)
    return options, changes


def _chosen(options: Options) -> dict[str, str]:
    """The device and the way of multiplying, measured once: all runs have the same."""
    choices = choose_hardware(options.device, 1, options.matmul, options.precision)
    return {"device": choices.device, "matmul": choices.matmul}


def _sets(wishes: Wishes) -> list[str]:
    if twice := [name for i, name in enumerate(wishes.data) if name in wishes.data[:i]]:
        raise Refusal(f"The data {twice[0]!r} are named twice.")
    return list(wishes.data)


def _recipe(word: str, options: Options, changes: Mapping[str, Any]) -> Recipe:
    """The recipe that a word means, with what is said of all; what it says of itself is narrower."""
    name, own = parted(word)
    known = recipe_named(name)
    try:
        return load_recipe(known, options, {**changes, **own})
    except Refusal as error:
        hint = next((k for k in changes if str(error).startswith(str(no_setting(known, k))[:40])), None)
        more = f" To change one recipe alone, write {name}:{hint}={changes[hint]}." if hint else ""
        raise Refusal(f"{error}{more}") from None


def _cell(word: str, recipe: Recipe, data: Data, played: Mapping[str, Any], wishes: Wishes) -> Cell:
    """A cell, named by a hash of all that decides its run."""
    try:
        resolved = resolve(recipe, data)
    except Refusal:  # it does not fit these data: its run will say so, and the others go on
        resolved = recipe
    known = digest(resolved, fingerprint(data), played)
    folder = Path(wishes.out or OUT) / CELLS / named(word, data.name, recipe.seed, known)
    measures = Measures(tuple(parted_metrics(wishes.metrics)), wishes.features, wishes.count)
    return Cell(word, data.name, recipe, played, folder.absolute(), measures)


def _refuse_twins(recipes: Sequence[str], cells: Sequence[Cell]) -> None:
    if len(recipes) < 1:
        raise Refusal("Name the recipes to compare, as in `equilibria compare gan-ns wgan-gp`.")
    seen = dict[str, Cell]()
    for cell in cells:
        known = cell.folder.name[-12:] + str(cell.seed) + cell.data
        if known in seen:
            raise Refusal(f"{seen[known].label} and {cell.label} are the same recipe on {cell.data}: name it once.")
        seen[known] = cell


def _flag(name: str, value: Any) -> list[str]:
    if value is True:
        return [_named(name)]
    return [_named(name), ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)]


def _named(option: str) -> str:
    return f"--{option.replace('_', '-')}"
