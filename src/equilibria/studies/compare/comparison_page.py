"""The page and the table of a comparison."""

import csv
import io
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ...evaluation.doctor.base import REMARK, Finding
from .. import curves, wording
from ..html import code, folded, grid, heading, page, paragraph, picture, section, table
from .statistics import MetricRow, interval
from .trial import Result

HEAD = (
    "data",
    "metric",
    "checkpoint",
    "better",
    "recipe",
    "seeds",
    "mean",
    "low",
    "high",
    "floor",
    "of_seeds",
    "values",
)


def comma_separated(columns: Sequence[MetricRow]) -> str:
    """A line for each metric, checkpoint and recipe, then what the numbers were measured on."""
    text = io.StringIO()
    fields = [name for name in columns[0].card.to_dict() if name not in HEAD] if columns else []
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*HEAD, *fields])
    for column in columns:
        card = column.card.to_dict()
        for row in column.values:
            writer.writerow([*_line(column, row), *(card[name] for name in fields)])
    return text.getvalue()


def _line(column: MetricRow, row: str) -> list[object]:
    values, known = column.values[row], interval(column.values[row])
    floor = "" if column.floor is None else repr(column.floor.value)
    ends = ("" if end is None else repr(end) for end in (known.low, known.high))
    told = [
        column.data,
        column.name,
        column.checkpoint,
        column.better,
        row,
        known.count,
        repr(known.mean),
        *ends,
        floor,
    ]
    return [*told, " ".join(map(str, column.seeds[row])), " ".join(map(repr, values))]


_FAMILY = (
    "Means over seeds with 95 % intervals (Student's t: for independent seeds whose values are roughly normal; with "
    "two or three seeds they are wide, as they should be). Best: the checkpoint that was chosen on the selection "
    "part of the held-out samples, by the rule that is told below; the numbers here are of the reporting part, which "
    "nothing was chosen by. "
    "The floor is the same metric for real samples in place of generated ones: no model does better but by chance."
)


@dataclass(frozen=True)
class Study:
    """A comparison that is over."""

    title: str
    about: str  # what was played, how long, on what
    command: str
    results: Sequence[Result]
    columns: Sequence[MetricRow]
    conclusions: Sequence[str]

    @property
    def sets(self) -> list[str]:
        return list(dict.fromkeys(result.data for result in self.results))

    def rows(self, data: str) -> dict[str, list[Result]]:
        """The runs on one data set by row, in order."""
        found = dict[str, list[Result]]()
        for result in self.results:
            if result.data == data:
                found.setdefault(result.label, []).append(result)
        return found


def html(study: Study) -> str:
    """The page."""
    return page(
        study.title,
        heading(study.title),
        paragraph(study.about, "soft"),
        section("Conclusion", *(paragraph(text, "claim") for text in study.conclusions)),
        *(_of(study, data) for data in study.sets),
        section("Cost", _cost(study)),
        section("What the doctor says", *_findings(study)),
        section("What was measured", *(paragraph(text, "soft") for text in _cards(study))),
        section("Recipes", *_recipes(study)),
        section("Make it again", code(study.command)),
    )


def rows(study: Study, data: str) -> tuple[list[str], list[list[str]]]:
    """The table of numbers on one data set: its head, and a row for each metric and checkpoint."""
    runs = {name: len(each) for name, each in study.rows(data).items()}
    body = [
        [wording.metric_label(c.name, c.better), c.checkpoint, *(_number(c, *each) for each in runs.items()), _floor(c)]
        for c in study.columns
        if c.data == data
    ]
    return ["metric", "checkpoint", *runs, "floor"], body


def _of(study: Study, data: str) -> str:
    """Numbers, curves and sheets on one data set."""
    head, body = rows(study, data)
    notes = dict.fromkeys(c.apart for c in study.columns if c.data == data and c.apart)
    groups = {row: [r.history for r in each if r.history is not None] for row, each in study.rows(data).items()}
    groups = {row: known for row, known in groups.items() if known}
    parts = [
        heading("Numbers", 3) if body else "",
        table(head, body, numbers=2) if body else paragraph("Nothing was measured."),
        paragraph(_FAMILY, "soft") if body else "",
        *(paragraph(note, "soft") for note in notes),
        *(paragraph(text) for text in _failures(study, data)),
        heading("While they played", 3),
        curves.key(groups),
        curves.metrics(groups),
        folded("What the critics estimate", curves.estimates(groups)),
        folded("The terms of the losses", curves.terms(groups)),
        heading("Samples", 3),
        *_sheets(groups),
    ]
    return section(f"On {data}", *parts)


def _number(column: MetricRow, row: str, runs: int) -> str:
    """Mean and interval; of how many seeds, where some have no number."""
    known = column.interval(row)
    if not known.count:
        return "-"
    spread = "" if known.low is None else f"\n{wording.number(known.low)} to {wording.number(known.high)}"
    seeds = "" if known.count == runs else f"\n{known.count} of {runs} seeds"
    return f"{wording.number(known.mean)}{spread}{seeds}"


def _floor(column: MetricRow) -> str:
    return "-" if column.floor is None else wording.number(column.floor.value)


def _failures(study: Study, data: str) -> list[str]:
    return [
        f"{result.label}, seed {result.seed}: {result.outcome.state}. {result.outcome.sentence}"
        for result in study.results
        if result.data == data and result.outcome.state != "finished"
    ]


def _sheets(groups: curves.Groups) -> list[str]:
    """The last sheet of every run, side by side: none is picked."""
    parts = []
    for row, runs in groups.items():
        last = [(run, run.sample_grids()[-1]) for run in runs if run.sample_grids()]
        shown = (picture(path, f"seed {run.recipe['seed']}, round {step:,}") for run, (step, path) in last)
        parts += [heading(row, 3), grid(*shown, kind="samples")]
    return parts


def _cost(study: Study) -> str:
    head = ["run", "time", "rounds", "images", "images/s", "memory\nwith measuring", "ended"]
    body = []
    for result in study.results:
        took = list(wording.cost(result.history).values()) if result.history is not None else ["-"] * 4
        memory = f"{result.outcome.peak / 2**20:,.0f} MiB" if result.outcome.peak else "-"
        ended = result.history.events[-1].get("text", "") if result.history is not None else result.outcome.state
        body.append([f"{result.label} on {result.data}\nseed {result.seed}", *took, memory, ended])
    return table(head, body, numbers=1)


def _findings(study: Study) -> list[str]:
    """What is wrong, run by run; remarks are counted."""
    sick = [(r, wrong) for r in study.results if (wrong := [f for f in r.findings if f.severity != REMARK])]
    parts = [folded(f"{r.label} on {r.data}, seed {r.seed}: {_named(f)}", wording.findings(f)) for r, f in sick]
    begun = sum(result.history is not None for result in study.results)
    if healthy := begun - len(sick):
        parts.append(paragraph(f"In {healthy} {'other ' * bool(sick)}runs nothing is wrong.", "soft"))
    counts = Counter(f.name for result in study.results for f in result.findings if f.severity == REMARK)
    said = ", ".join(f"{name.replace('_', ' ')} ({count} of {begun} runs)" for name, count in counts.items())
    return [*parts, paragraph(f"Remarks: {said}.", "soft") if said else ""]


def _named(found: Sequence[Finding]) -> str:
    return ", ".join(finding.name.replace("_", " ") for finding in found)


def _cards(study: Study) -> list[str]:
    return wording.provenance_lines(column.card for column in study.columns)


def _recipes(study: Study) -> list[str]:
    """Each recipe as its first run resolved it."""
    firsts = dict[str, Result]()
    for result in study.results:
        if result.history is not None:
            firsts.setdefault(result.label, result)
    return [
        folded(
            label, paragraph(str(r.history.recipe.get("about", ""))), code(json.dumps(dict(r.history.recipe), indent=2))
        )
        for label, r in firsts.items()
        if r.history is not None
    ]
