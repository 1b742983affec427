"""Verbs that look at data and runs."""

from typing import Any

from ...core.text import paragraph, say, table, width


def check(name: str, /, *, data_root: str | None = None) -> int:
    """Inspect a data set before training on it.

    Args:
        data_root: folder with the original files of data sets; default: EQUILIBRIA_DATA.

    Examples:
        equilibria data check images/
        equilibria data check digits
    """
    from pathlib import Path

    from ...data.inspect import check

    report = check(name, Path(data_root) if data_root else None)
    say("\n".join(report.lines()))
    return 0 if report.usable else 2


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
    from ...studies.run_page import report

    say(f"Written: {report(run, **options)}")
    return 0


def evaluate(run: str, /, *, metrics: str = "", **options: Any) -> int:
    """Measure a trained model on held-out data, or samples against others, next to the values for real samples.

    Examples:
        equilibria evaluate runs/NAME
        equilibria evaluate MADE/ --against REAL/
        equilibria evaluate runs/NAME --metrics "frechet,kernel(degree=2)" --checkpoints best
    """
    from ...studies import wording
    from ...studies.evaluate import evaluate
    from ...studies.metric_specs import split_metrics

    evaluation = evaluate(run, split_metrics(metrics), **options, say=say)
    notes = wording.evaluation_notes(evaluation)
    notes += [] if "against" in options else [f"Written: {run}/metrics.json"]
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
