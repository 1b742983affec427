"""Metrics, findings and provenance in words."""

import math
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ..core.specs import dashed
from ..core.text import duration
from ..evaluation.doctor.base import Finding
from ..evaluation.metrics.base import Provenance
from ..records.folder import RunFolder
from ..records.history import History
from .html import grid, heading, paragraph
from .results import Evaluation

_ARROWS = {"lower": "↓", "higher": "↑"}
_READING = (
    "Floor: the same metric with as many real training samples in place of the generated ones; no model does better "
    "except by chance. ± is one standard error. Arrows point to better values; a value without one should be near its "
    "floor."
)


def number(value: float | None, error: float | None = None) -> str:
    """A value to as many digits as its standard error supports, 12.35 ± 0.21; to three digits without one."""
    if value is None or math.isnan(value):
        return "-"
    if math.isinf(value):
        return "infinite"
    text = f"{round(value, 12) + 0.0:.3g}"
    text = f"{value:,.0f}" if "e+" in text else text
    if error is None or not math.isfinite(error):
        return text
    digits = 1 - math.floor(math.log10(error)) if error > 0 else 0
    if error == 0 or digits > 6:
        return f"{text} ± 0" if error == 0 else text
    return f"{value:,.{max(digits, 0)}f} ± {error:,.{max(digits, 0)}f}"


def provenance_lines(records: Iterable[Provenance]) -> list[str]:
    """What numbers depend on: a sentence for all metrics of the same samples, then one for each checkpoint's rule."""
    metrics, rules = dict[Provenance, dict[str, None]](), dict[str, None]()
    for record in records:
        same = replace(record, metric="", checkpoint="" if record.rule else record.checkpoint, rule="")
        metrics.setdefault(same, {})[record.metric] = None
        if record.rule:
            rules[f"Checkpoint {record.checkpoint}: {record.rule}."] = None
    return [*(f"{'; '.join(names)}: {_samples(record)}." for record, names in metrics.items()), *rules]


def _samples(record: Provenance) -> str:
    """The samples and the features of a provenance record."""
    weights = "averaged weights" if record.averaged else "weights without averaging"
    generated = f"{record.generated:,} generated samples (seed {record.seed}, {weights})"
    if record.checkpoint:  # not of a run
        generated = f"{record.generated:,} samples of {record.checkpoint}"
    real = f"{record.real:,} real samples of {record.data} ({record.split})"
    samples = " against ".join([generated] * bool(record.generated) + [real] * bool(record.real))
    if record.features == "none" or record.digest in ("none", ""):
        return f"{samples}, compared as they are"
    resized = "" if record.resizing in ("none", "") else f", resized {record.resizing}"
    return f"{samples}, by features of {record.features} ({record.digest[:12]}{resized})"


def evaluation_table(evaluation: Evaluation) -> list[tuple[str, ...]]:
    """The heads, then a row for each metric: which values are better, the floor, the value at each checkpoint."""
    rounds = {value.provenance.checkpoint: value.round for value in evaluation.numbers}
    titles = [name if step is None else f"{name} (round {step:,})" for name, step in rounds.items()]
    rows: list[tuple[str, ...]] = [("metric", "", "floor", *titles)]
    for name in evaluation.names():
        values = [evaluation.of(name, checkpoint) for checkpoint in rounds]
        first = next(value for value in values if value is not None)
        floor = "" if first.floor is None else number(*first.floor)
        cells = ("" if value is None else number(value.value, value.error) for value in values)
        rows.append((name, _ARROWS.get(first.better, ""), floor, *cells))
    return rows


def evaluation_notes(evaluation: Evaluation) -> list[str]:
    """What the numbers were measured on, and how to read them."""
    names = {value.provenance.features for value in evaluation.numbers} - {"none", "pixels"}
    features = f"Features: {evaluation.about or ', '.join(names)}." if names else ""
    fid = "The Frechet distance on these features is FID, the kernel distance KID." if "inception" in names else ""
    lines = provenance_lines(value.provenance for value in evaluation.numbers)
    more = [f"{features} {fid}".strip(), _READING if evaluation.numbers else "Nothing was measured."]
    reasons = dict[str, list[str]]()
    for name, reason in evaluation.left_out.items():
        reasons.setdefault(reason, []).append(name)
    more += [f"Left out, {', '.join(several)}: {reason}." for reason, several in reasons.items()]
    return [*evaluation.notes, *lines, *filter(None, more)]


def cost(run: History) -> dict[str, str]:
    """What a run took."""
    seconds, shape = float(run.events[-1]["elapsed"]), (run.events[0].get("values") or {}).get("shape", ())
    samples = "points" if len(shape) == 1 else "images"
    return {
        "time": duration(seconds),
        "rounds": f"{run.events[-1]['step']:,}",
        samples: f"{run.images:,}",
        f"{samples}/s": f"{run.images / seconds:,.0f}" if seconds else "-",
    }


def command(run: History) -> str:
    """The command that trains a run again, on the same kind of machine to the same numbers."""
    choices, cadence, end = (run.summary.get(name) or {} for name in ("choices", "cadence", "end"))
    flags: dict[str, Any] = {name: choices[name] for name in ("device", "threads", "matmul") if name in choices}
    flags |= {"precision": choices.get("precision")} if choices.get("precision") == "bf16" or end.get("seconds") else {}
    flags |= {"budget": f"{end['seconds']:g}s"} if end.get("seconds") else {"rounds": run.recipe["rounds"]}
    flags |= {"save_every": cadence.get("save"), "watch": cadence.get("watch"), "stop_when": end.get("when")}
    flags |= {"data_root": run.summary.get("data_root"), "from_": (run.summary.get("source") or {}).get("folder")}
    switches = ["--allow-coupled-critic"] * bool(run.summary.get("allow_coupled_critic"))
    words = [f"{dashed(name)} {shlex.quote(str(value))}" for name, value in flags.items() if value is not None]
    return " ".join(["equilibria train", shlex.quote(str(RunFolder(run.folder).recipe_file)), *words, *switches])


def findings(several: Sequence[Finding]) -> str:
    """The doctor's findings as HTML."""
    blocks = []
    for each in several:
        first = paragraph(f"{each.what} ({each.severity}, {each.confidence}, since round {each.step:,})")
        more = [*(f"Evidence: {text}" for text in each.evidence), f"Why: {each.why}", f"Change: {each.change}"]
        texts = [first, *(paragraph(text, "soft") for text in more)]
        blocks.append(grid(heading(each.name.replace("_", " "), 3), *texts, kind="finding"))
    return grid(*blocks, kind="findings")
