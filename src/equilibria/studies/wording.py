"""Metrics, findings and provenance in words."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ..evaluation.doctor.base import Finding
from ..evaluation.metrics.base import Measurement, Provenance
from ..records.history import History
from ..runs.announce import duration
from .html import grid, heading, paragraph
from .results import Evaluation, MetricValue


def figure(value: float | None, error: float | None = None) -> str:
    """A number to three places, with its standard error where one is known."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "infinite"
    size = f"{value:.3g}"
    size = f"{value:,.0f}" if "e+" in size else size
    return size if error is None or not math.isfinite(error) else f"{size} ± {error:.2g}"


def provenance_lines(told: Iterable[Provenance]) -> list[str]:
    """What figures depend on: a paragraph for all that are of the same samples, then how checkpoints were chosen."""
    alike, rules = dict[Provenance, list[str]](), dict[str, None]()
    for one in told:
        known = alike.setdefault(replace(one, metric="", checkpoint="", rule=""), [])
        known += [one.metric] if one.metric not in known else []
        rules[f"The {one.checkpoint} checkpoint: {one.rule}."] = None
    return [*(f"{_samples(one)}: {'; '.join(metrics)}." for one, metrics in alike.items()), *rules]


def spelled(name: str, better: str) -> str:
    """A metric's name and which end of it is better."""
    arrow = {"lower": "\nlower is better", "higher": "\nhigher is better"}.get(better, "")
    return f"{name.replace('_', ' ')}{arrow}"


def _samples(told: Provenance) -> str:
    """What a card says of all its samples."""
    raw = told.digest in ("none", "") or told.features == "none"
    seen = "as they are" if raw else f"by {told.features} ({told.digest[:12]})"
    resized = "" if told.resizing in ("none", "") else f", resized {told.resizing}"
    weights = "averaged weights" if told.averaged else "weights as they played"
    return (
        f"{told.generated:,} generated samples (seed {told.seed}, {weights}) against {told.real:,} real ones of "
        f"{told.data} ({told.split}), seen {seen}{resized}"
    )


def cost(run: History) -> dict[str, str]:
    """What a run took."""
    seconds = float(run.events[-1]["elapsed"])
    return {
        "time": duration(seconds),
        "rounds": f"{run.events[-1]['step']:,}",
        "images": f"{run.images:,}",
        "images/s": f"{run.images / seconds:,.0f}" if seconds else "-",
    }


def findings(found: Sequence[Finding]) -> str:
    """What the doctor sees of a run."""
    return grid(*map(_finding, found), kind="findings")


def _finding(found: Finding) -> str:
    first = paragraph(f"{found.what} ({found.severity}, {found.sure}, since round {found.step:,})")
    more = [*(f"Evidence: {each}" for each in found.evidence), f"Why: {found.why}", f"Change: {found.change}"]
    return grid(
        heading(found.name.replace("_", " "), 3), first, *(paragraph(text, "soft") for text in more), kind="finding"
    )


_ARROWS = {"lower": "↓", "higher": "↑", "neither": ""}


def evaluation_table(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """A row for each figure below heads: which way is better, real samples beside real ones, each checkpoint."""
    whiches = list(dict.fromkeys(number.card.checkpoint for number in evaluation.numbers))
    rounds = {number.card.checkpoint: number.round for number in evaluation.numbers}
    heads = ("metric", "", "real", *(f"{which} (round {rounds[which]:,})" for which in whiches))
    rows = []
    for name in evaluation.names():
        numbers = [evaluation.of(name, which) for which in whiches]
        first = next(number for number in numbers if number is not None)
        cells = ["" if number is None else rounded(Measurement(number.value, number.error)) for number in numbers]
        rows.append((name, _ARROWS[first.better], "" if first.floor is None else rounded(first.floor), *cells))
    return [heads, *rows]


def rounded(figure: Measurement) -> str:
    """A number with its standard error: 12.35 ± 0.21."""
    if figure.error is None:
        return f"{round(figure.value, 12) + 0.0:.4g}"
    if figure.error == 0:
        return f"{figure.value:.4g} ± 0"
    digits = _digits(figure.error)
    return (
        f"{figure.value:.{digits}f} ± {figure.error:.{digits}f}"
        if digits < 7
        else f"{round(figure.value, 12) + 0.0:.3g}"
    )


def measure_paragraph(evaluation: Evaluation) -> str:
    """What the numbers were measured on, and how to read them."""
    if not evaluation.numbers:
        return "Nothing was measured."
    largest = max((number.card for number in evaluation.numbers), key=lambda card: (card.real, card.generated))
    said = [
        f"On {largest.data}: {largest.real:,} real samples ({largest.split}) beside {largest.generated:,} that the "
        f"generator drew with seed {largest.seed}, its weights {'averaged' if largest.averaged else 'as they played'}.",
        *_through(evaluation),
        *_chosen(evaluation.numbers),
        "Real: the same figure for as many training samples in the place of the generated ones, which no model need "
        "beat; ± is one standard error. Arrows point to what is better; figures without one are to be near the real.",
    ]
    return " ".join(said)


def _through(evaluation: Evaluation) -> list[str]:
    """By which network samples were seen."""
    seen = {n.card.features: n.card for n in evaluation.numbers if n.card.features not in ("none", "pixels")}
    if not seen:
        return ["Samples are compared as they are."]
    (name, card), *_ = seen.items()
    resized = "" if card.resizing == "none" else f", {card.resizing}"
    fid = " This Frechet distance is what is called FID." if name == "inception" else ""
    return [f"Features: {evaluation.about or name} (weights {card.digest}{resized}).{fid}"]


def _chosen(numbers: Sequence[MetricValue]) -> list[str]:
    """How checkpoints were chosen."""
    cards: dict[str, Provenance] = {number.card.checkpoint: number.card for number in numbers}
    return [f"Best: {cards['best'].rule}."] if "best" in cards else []


def _digits(error: float) -> int:
    """Two figures of the error."""
    digits = 1
    while digits < 7 and error > 0 and error * 10**digits < 9.5:
        digits += 1
    return digits
