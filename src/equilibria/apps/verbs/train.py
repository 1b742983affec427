"""Verbs that train."""

import dataclasses
import os
import shlex
import shutil
import sys
import time
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.errors import Failure, Refusal
from ...core.specs import dashed, type_in_words
from ...core.text import paragraph, say, table, tables
from ...recipes import DEFAULT, DEFAULT_FOR_FEW, DEFAULT_FOR_POINTS, RECIPES, Recipe
from ...recipes.options import Options, read_budget
from ...records.folder import RunFolder

if TYPE_CHECKING:
    from ...runs.observers import Display

DEMO_RECIPE = "r3gan"
DEMO: dict[str, Any] = {"data": "fashion", "conditional": True, "watch": 0, "lr": 4e-3}
DEMO |= {"schedule": "cosine", "schedule.end": 0.05}
DEMO |= {"generator.hidden": 256, "critic.hidden": 256}  # docs/design/experiments.md compares
_OVERHEAD = 7.0  # seconds of the budget without training: to start, to time a few rounds, the last sample grid
_NEXT = """
Clothes that do not exist, a row for each class: {picture}

What next?{place}
  {program} sample {folder} --label 7 --count 64
  {program} data check MY_PICTURES/
  {program} train --data MY_PICTURES/ --budget 5m
"""
_COMPARE = (
    "Every other flag applies to all runs, as in `equilibria train`: --batch 64, --lr 1e-4. A recipe can have changes "
    "of its own: wgan:clip=0.1. Finished runs are not repeated: the same command continues an interrupted comparison. "
    "Run folders in place of recipes are compared as they were evaluated."
)


@dataclasses.dataclass(frozen=True)
class Live:
    """A display that also copies the newest sample grid to live.png, and prints that path once."""

    display: "Display"
    folder: Path

    def say(self, text: str) -> None:
        self.display.say(text)

    def show(self, event: dict[str, Any]) -> None:
        from ...core.files import write_atomic

        self.display.show(event)
        if event["kind"] == "sample":
            picture = self.folder / "live.png"
            first = not picture.exists()
            write_atomic(picture, (self.folder / event["file"]).read_bytes())
            if first:
                self.say(f"Open {picture} now: it always shows the newest samples.")


def demo(*, budget: str = "75s", rounds: int | None = None, runs: str = "runs") -> int:
    """Train for 75 seconds on images of clothes (built in) and show samples.

    Args:
        budget: Total wall time, from start to end.
        rounds: Total number of rounds, if fewer than the time allows.
        runs: Folder of the runs.

    Examples:
        equilibria demo
    """
    from ..display import run_display

    start, seconds = time.monotonic(), read_budget(budget).seconds
    with run_display(seconds) as display:
        from ...records.folder import free_name
        from ...runs.session import train

        folder = free_name(Path(runs) / "demo")
        if seconds is not None:
            budget = f"{max(seconds - _OVERHEAD - (time.monotonic() - start), 1.0):.1f}s"
        options = {"budget": budget, "rounds": rounds, "runs": runs, "name": folder.name}
        train(DEMO_RECIPE, Live(display, folder), **DEMO | options)
    if pictures := sorted((folder / "samples").glob("*.png")):
        program = _program()
        place = "" if program == "equilibria" else f" (`equilibria` is not on the PATH, so it is {program} here.)"
        say(_NEXT.format(picture=pictures[-1], folder=folder, program=program, place=place))
    return 0


def _program() -> str:
    """How this program is called here: by its name if that is on the PATH, else by its path or its module."""
    here = shutil.which("equilibria", path=str(Path(sys.executable).parent))
    if here is None:
        return f"{shlex.quote(sys.executable)} -m equilibria"
    on_path = shutil.which("equilibria")
    if on_path is not None and Path(on_path).resolve() == Path(here).resolve():
        return "equilibria"
    return shlex.quote(min(here, os.path.relpath(here), key=len))


def train(name: str = "", /, **options: Any) -> int:
    """Train a recipe and record the run.

    Examples:
        equilibria train wgan-gp --data digits --budget 5m
        equilibria train --data images/ --conditional --batch 64
        equilibria train r3gan --data ring --penalties.r1.weight 0.5 --generator.width 64
    """
    from ..display import run_display

    with run_display(read_budget(options.get("budget")).seconds) as display:
        from ...runs.session import recipe_by_name, train

        recipe = recipe_by_name(name) if name else None
        _refuse_missing_values(recipe or recipe_by_name(DEFAULT), options)
        train(recipe, display, **options)
    return 0


def resume(run: str, /, **options: Any) -> int:
    """Continue a run that was stopped, bit for bit.

    Examples:
        equilibria resume runs/NAME
        equilibria resume runs/NAME --rounds 20000
    """
    from ..display import run_display

    with run_display(_time_limit(Path(run), options)) as display:
        from ...runs.session import resume

        resume(run, display, **options)
    return 0


def compare(*recipes: str, **options: Any) -> int:
    """Train recipes under equal conditions, or compare finished runs, with confidence intervals.

    Examples:
        equilibria compare wgan wgan:clip=0.1 wgan-gp:n_critic=1,lr=1e-4 --data ring --budget 1m
        equilibria compare gan-ns r3gan --data digits --seeds 5 --rounds 2000
        equilibria compare runs/ONE runs/OTHER
    """
    from ..comparison_display import comparison_display

    with comparison_display() as display:
        from ...studies.compare.compare import compare

        study = compare(recipes, display, **options).study
    if study is not None:
        from ...studies.compare.comparison_page import metric_table

        for data in study.sets:
            head, body = metric_table(study, data)
            rows = [line for row in [head, *body] for line in zip_longest(*(c.split("\n") for c in row), fillvalue="")]
            if body:
                say(f"\n{data}\n\n{table(rows, indent=2)}")
        say("\n" + "\n\n".join(map(paragraph, study.conclusions)))
        if failed := [result for result in study.results if result.outcome.state == "failed"]:
            first = f"{failed[0].label} on {failed[0].data}, seed {failed[0].seed}: {failed[0].outcome.sentence}"
            raise Failure(f"{len(failed)} of {len(study.results)} runs failed; the report has the others. {first}")
    return 0


def settings_of(name: str | None = None) -> tuple[dict[str, Any], str]:
    """A recipe's values of the flags, and all of its settings; without one, the list of recipes."""
    if name is None:
        rows = [(entry.name, entry.summary) for entry in RECIPES.describe()]
        few = f"{DEFAULT_FOR_FEW} for few, colored or labeled images"
        default = f"{DEFAULT} if none is named, {DEFAULT_FOR_POINTS} for points, {few}"
        return {}, tables({f"Recipes ({default}); `equilibria train RECIPE --help` lists all settings": rows})
    from ...runs.session import recipe_by_name
    from ..help import recipe_settings

    recipe = recipe_by_name(name)
    values = {"data": recipe.data["name"], "rounds": recipe.rounds, "batch": recipe.batch, "seed": recipe.seed}
    return values, recipe_settings(recipe)


def settings_of_all(*_: str) -> tuple[dict[str, Any], str]:
    """What else can be set in a comparison."""
    return {}, paragraph(_COMPARE)


def _refuse_missing_values(recipe: Recipe, options: dict[str, Any]) -> None:
    """Only a switch can stand without a value."""
    from ...recipes.parts import settings
    from ...recipes.settings import paths

    changes, fields = settings(recipe), {field.name for field in dataclasses.fields(Options)}
    for name in (name for name, value in options.items() if value is True and name not in fields):
        setting = changes.get(paths(recipe, name)[0])
        if setting is not None and setting.annotation is not bool:
            raise Refusal(f"{dashed(name)} needs a value: {type_in_words(setting.annotation)}.")


def _time_limit(folder: Path, options: dict[str, Any]) -> float | None:
    """The limit of the total time in seconds, if there is one: of the options, else as planned."""
    if "rounds" in options or "budget" in options:
        return read_budget(options.get("budget")).seconds
    try:
        return RunFolder(folder).summary()["end"]["seconds"]
    except (Refusal, TypeError, KeyError):
        return None  # `resume` says what is wrong
