"""Verbs that look at data and runs."""

from dataclasses import replace
from typing import Any

from ...core.errors import Refusal, nearest
from ...core.specs import dashed
from ...core.text import paragraph, say, table, tables, width
from ..flags import as_text, metavar


def check(name: str, /, *, data_root: str | None = None, out: str = "", force: bool = False, **settings: Any) -> int:
    """Inspect a data set before training on it; takes the settings --data.* of `train`.

    Args:
        data_root: folder with the original files of data sets; default: EQUILIBRIA_DATA.
        out: a picture, file.png, of the first 64 samples as training receives them.
        force: overwrite an existing picture.

    Examples:
        equilibria data check images/
        equilibria data check images/ --data.fit pad --data.size 32 --out look.png
    """
    from pathlib import Path

    from ...core.files import output_path
    from ...data import data_builder
    from ...data.inspect import check, picture
    from ...data.resolve import median_side
    from ...recipes import DEFAULT, RECIPES
    from ...recipes.defaults import Facts, choices, training_seconds
    from ...recipes.options import Options
    from ...recipes.parts import options_of
    from ...recipes.settings import with_changes

    if wrong := [setting for setting in settings if not setting.startswith("data.")]:
        flags = [dashed(f"data.{option}") for option in options_of(data_builder(name))]
        hint = nearest(dashed(wrong[0]), ["--data-root", "--out", "--force", *flags])
        raise Refusal(f"{dashed(wrong[0])} is not a flag of `equilibria data check`.{hint}")
    path = output_path(out, (".png",), force) if out else None
    recipe = with_changes(replace(RECIPES[DEFAULT](), data={"name": name}), settings)
    root = Path(data_root) if data_root else None
    report = check(recipe.data, root)
    say("\n".join(report.lines()))
    if report.usable and "data.size" not in settings and (side := median_side(recipe.data, root)) is not None:
        facts = Facts(report.shape, report.train, training_seconds(recipe, Options(), "cpu"), side=side)
        for choice in (each for each in choices(facts) if "data.size" in each.settings):
            say(f"`equilibria train` without a recipe would choose {choice}")
    if report.usable and path is not None:
        picture(recipe.data, path, root)
        say(f"Written: {path}")
    return 0 if report.usable else 2


def settings_of_data(name: str | None = None) -> tuple[dict[str, Any], str]:
    """The settings of a data set, as flags."""
    if name is None:
        return {}, paragraph("`equilibria data check PATH|NAME --help` lists the settings --data.* of that data.")
    from ...data import data_builder
    from ...recipes.parts import options_of

    options = options_of(data_builder(name)).items()
    rows = [(dashed(f"data.{option}"), metavar(s.annotation), as_text(s.value), s.help) for option, s in options]
    return {}, tables({"How the data is read": rows}) if rows else ""


def doctor(run: str, /, *, json: bool = False) -> int:
    """Diagnose a run: what is wrong, why, and what to change.

    Args:
        json: print JSON instead of a page.

    Examples:
        equilibria doctor runs/NAME
    """
    from json import dumps

    from ...evaluation.doctor.report import doctor

    checkup = doctor(run)
    say(dumps(checkup.to_dict(), indent=2) if json else "\n".join(checkup.lines(width())))
    return 0


def report(run: str, /, **options: Any) -> int:
    """Write an HTML report of a run: curves, samples, diagnoses, numbers.

    Examples:
        equilibria report runs/NAME --out run.html
    """
    from pathlib import Path

    from ...evaluation.doctor.loss_meaning import read_back
    from ...records.history import read_history
    from ...studies.run_page import report

    say("\n".join([f"Written: {report(run, **options)}", *map(paragraph, read_back(read_history(Path(run))))]))
    return 0


def evaluate(run: str, /, *, metrics: str = "", **options: Any) -> int:
    """Measure a trained model on held-out data, or samples against others, next to the values for real samples.

    Examples:
        equilibria evaluate runs/NAME
        equilibria evaluate MADE/ --against REAL/ --out numbers.csv
        equilibria evaluate runs/NAME --metrics "frechet,kernel(degree=2)" --checkpoints best
    """
    from ...studies import wording
    from ...studies.evaluate import evaluate
    from ...studies.metric_specs import split_metrics

    evaluation = evaluate(run, split_metrics(metrics), **options, say=say)
    notes = wording.evaluation_notes(evaluation)
    files = [f"{run}/metrics.json"] * ("against" not in options) + [str(options.get("out"))] * ("out" in options)
    notes += [f"Written: {' and '.join(files)}"] * bool(files)
    say("\n\n".join(["", table(wording.evaluation_table(evaluation)), *map(paragraph, notes)]))
    return 0


def train_features(data: str, /, **options: Any) -> int:
    """Train a classifier of the data's classes, the feature network of `evaluate`.

    Examples:
        equilibria features train digits --epochs 10
    """
    from ...evaluation.features.classifier import train_features

    train_features(data, **options, say=say)
    return 0
