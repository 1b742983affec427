"""What numbers and their cards say, in words."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ...evaluation.cards import Card
from ...evaluation.doctor.base import Finding
from ...recipes.opening import duration
from ...records.history import History
from .page import beside, heading, paragraph


def figure(value: float | None, error: float | None = None) -> str:
    """A number to three places, with its standard error where one is known."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "infinite"
    size = f"{value:.3g}"
    size = f"{value:,.0f}" if "e+" in size else size
    return size if error is None or not math.isfinite(error) else f"{size} ± {error:.2g}"


def cards(told: Iterable[Card]) -> list[str]:
    """What figures depend on: a paragraph for all that are of the same samples, then how checkpoints were chosen."""
    alike, rules = dict[Card, list[str]](), dict[str, None]()
    for one in told:
        known = alike.setdefault(replace(one, metric="", checkpoint="", rule=""), [])
        known += [one.metric] if one.metric not in known else []
        rules[f"The {one.checkpoint} checkpoint: {one.rule}."] = None
    return [*(f"{_samples(one)}: {'; '.join(metrics)}." for one, metrics in alike.items()), *rules]


def spelled(name: str, better: str) -> str:
    """A metric's name and which end of it is better."""
    arrow = {"lower": "\nlower is better", "higher": "\nhigher is better"}.get(better, "")
    return f"{name.replace('_', ' ')}{arrow}"


def _samples(told: Card) -> str:
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
    return beside(*map(_finding, found), kind="findings")


def _finding(found: Finding) -> str:
    first = paragraph(f"{found.what} ({found.severity}, {found.sure}, since round {found.step:,})")
    more = [*(f"Evidence: {each}" for each in found.evidence), f"Why: {found.why}", f"Change: {found.change}"]
    return beside(
        heading(found.name.replace("_", " "), 3), first, *(paragraph(text, "soft") for text in more), kind="finding"
    )
