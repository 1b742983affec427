"""The page and the spreadsheet of a comparison."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...core.text import csv_text
from ...evaluation.doctor.base import REMARK
from .. import curves, wording
from ..html import code, folded, grid, heading, page, paragraph, picture, section, table
from .statistics import MetricRow
from .trial import Result

_KEYS = ("data", "metric", "checkpoint", "better", "recipe")
HEAD = (*_KEYS, "seeds", "mean", "low", "high", "floor", "of_seeds", "values")
_READING = (
    "Means over seeds with 95 % confidence intervals (Student's t: for independent seeds with roughly normal values; "
    "with two or three seeds they are wide, as they should be). Best: the checkpoint that was selected on the "
    "selection part of the held-out samples, by the rule below; the numbers here are of the reporting part, which was "
    "not used for any selection. Floor: the same metric with real samples in place of generated ones; no model does "
    "better except by chance."
)


@dataclass(frozen=True)
class Study:
    """A finished comparison."""

    title: str
    about: str  # what was trained, how long, on what
    command: str
    results: Sequence[Result]
    metrics: Sequence[MetricRow]
    conclusions: Sequence[str]

    @property
    def sets(self) -> list[str]:
        """The data sets."""
        return list(dict.fromkeys(result.data for result in self.results))

    def recipes(self, data: str) -> dict[str, list[Result]]:
        """The runs on one data set, by recipe."""
        recipes = dict[str, list[Result]]()
        for result in self.results:
            if result.data == data:
                recipes.setdefault(result.label, []).append(result)
        return recipes


def comma_separated(rows: Sequence[MetricRow]) -> str:
    """The spreadsheet: a line for each metric, checkpoint and recipe, with the provenance of its values."""
    fields = [name for name in rows[0].provenance.to_dict() if name not in HEAD] if rows else []
    lines: list[Sequence[object]] = [[*HEAD, *fields]]
    for row in rows:
        provenance = row.provenance.to_dict()
        lines += [[*_line(row, recipe), *(provenance[name] for name in fields)] for recipe in row.values]
    return csv_text([list(map(str, line)) for line in lines])


def _line(row: MetricRow, recipe: str) -> list[object]:
    interval = row.interval(recipe)
    floor = None if row.floor is None else row.floor.value
    numbers = ("" if n is None else repr(n) for n in (interval.mean, interval.low, interval.high, floor))
    seeds, values = " ".join(map(str, row.seeds[recipe])), " ".join(map(repr, row.values[recipe]))
    return [row.data, row.name, row.checkpoint, row.better, recipe, interval.count, *numbers, seeds, values]


def metric_table(study: Study, data: str) -> tuple[list[str], list[list[str]]]:
    """The metrics on one data set: the head, and a row for each metric and checkpoint."""
    runs = {name: len(results) for name, results in study.recipes(data).items()}
    body = [
        [
            row.name.replace("_", " ") + (f"\n{row.better} is better" if row.better != "neither" else ""),
            row.checkpoint,
            *(_mean(row, recipe, count) for recipe, count in runs.items()),
            "-" if row.floor is None else wording.number(row.floor.value),
        ]
        for row in study.metrics
        if row.data == data
    ]
    return ["metric", "checkpoint", *runs, "floor"], body


def _mean(row: MetricRow, recipe: str, runs: int) -> str:
    """Mean and interval, and the number of seeds if some have no value."""
    interval = row.interval(recipe)
    if not interval.count:
        return "-"
    spread = "" if interval.low is None else f"\n{wording.number(interval.low)} to {wording.number(interval.high)}"
    seeds = "" if interval.count == runs else f"\n{interval.count} of {runs} seeds"
    return f"{wording.number(interval.mean)}{spread}{seeds}"


def html(study: Study) -> str:
    """The page."""
    provenance = wording.provenance_lines(row.provenance for row in study.metrics)
    return page(
        study.title,
        heading(study.title),
        paragraph(study.about, "soft"),
        *(section(f"Samples on {data}", *_sample_grids(_groups(study, data))) for data in study.sets),
        section("Conclusion", *(paragraph(text, "claim") for text in study.conclusions)),
        *(_data_set(study, data) for data in study.sets),
        section("Cost", _cost(study)),
        section("Doctor", *_findings(study)),
        section("Provenance of the numbers", *(paragraph(text, "soft") for text in provenance)),
        section("Recipes", *_recipes(study)),
        section("Make this page again", code(study.command)),
    )


def _data_set(study: Study, data: str) -> str:
    """Metrics and curves on one data set."""
    head, body = metric_table(study, data)
    notes = dict.fromkeys(row.note for row in study.metrics if row.data == data and row.note)
    groups = _groups(study, data)
    unfinished = [r for r in study.results if r.data == data and r.outcome.state != "finished"]
    failures = [f"{r.label}, seed {r.seed}: {r.outcome.state}. {r.outcome.sentence}" for r in unfinished]
    metrics = [heading("Metrics", 3), table(head, body, numbers=2), paragraph(_READING, "soft")]
    return section(
        f"On {data}",
        *(metrics if body else [paragraph("No run has been evaluated.")]),
        *(paragraph(note, "soft") for note in notes),
        *map(paragraph, failures),
        heading("Training curves", 3),
        curves.key(groups),
        curves.metrics(groups),
        folded("Estimates of the critics", curves.estimates(groups)),
        folded("Terms of the losses", curves.terms(groups)),
    )


def _groups(study: Study, data: str) -> curves.Groups:
    """The runs on one data set that have started, by recipe."""
    runs = {name: [r.history for r in results if r.history] for name, results in study.recipes(data).items()}
    return {name: histories for name, histories in runs.items() if histories}


def _sample_grids(groups: curves.Groups) -> list[str]:
    """The last sample grid of every run, without a selection."""
    parts = []
    for name, runs in groups.items():
        last = [(run, run.sample_grids()[-1]) for run in runs if run.sample_grids()]
        pictures = (picture(path, f"seed {run.recipe['seed']}, round {step:,}") for run, (step, path) in last)
        parts += [heading(name, 3), grid(*pictures, kind="samples")]
    return parts


def _cost(study: Study) -> str:
    head = ["run", "time", "rounds", "images", "images/s", "memory\nwith evaluation", "ended"]
    body = []
    for result in study.results:
        cost = list(wording.cost(result.history).values()) if result.history is not None else ["-"] * 4
        memory = f"{result.outcome.peak / 2**20:,.0f} MiB" if result.outcome.peak else "-"
        end = result.history.events[-1].get("text", "") if result.history is not None else result.outcome.state
        body.append([f"{result.label} on {result.data}\nseed {result.seed}", *cost, memory, end])
    return table(head, body, numbers=1)


def _findings(study: Study) -> list[str]:
    """The findings of each run; remarks are only counted."""
    parts, started = list[str](), [result for result in study.results if result.history is not None]
    for result in started:
        if findings := [finding for finding in result.findings if finding.severity != REMARK]:
            names = ", ".join(finding.name.replace("_", " ") for finding in findings)
            title = f"{result.label} on {result.data}, seed {result.seed}: {names}"
            parts.append(folded(title, wording.findings(findings)))
    verdicts = Counter(result.verdict for result in started)
    other = "other " * bool(parts)
    for verdict, words in {"healthy": "No problems in", "unknown": "Too few measurements to judge"}.items():
        if count := verdicts[verdict]:
            parts.append(paragraph(f"{words} {count} {other}run{'s' * (count != 1)}.", "soft"))
    counts = Counter(f.name.replace("_", " ") for r in started for f in r.findings if f.severity == REMARK)
    remarks = ", ".join(f"{name} ({count} of {len(started)} runs)" for name, count in counts.items())
    return [*parts, paragraph(f"Remarks: {remarks}.", "soft") if remarks else ""]


def _recipes(study: Study) -> list[str]:
    """Each recipe as its first run resolved it."""
    recipes = dict[str, dict[str, object]]()
    for result in study.results:
        if result.history is not None:
            recipes.setdefault(result.label, dict(result.history.recipe))
    return [
        folded(label, paragraph(str(recipe.get("about", ""))), code(json.dumps(recipe, indent=2)))
        for label, recipe in recipes.items()
    ]
