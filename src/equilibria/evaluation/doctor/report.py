"""The doctor's report of a run, read from its records: what is wrong, why, and what to change."""

import html
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ...records.history import History, read_history
from . import FINDINGS, NEEDED, Finding, findings, root_cause
from .base import CRITICAL, REMARK, WARNING
from .loss_meaning import meanings

FORMAT = 2
_RESUME = "equilibria resume RUN"  # in advice, before the run has its name
_WIDTH = 100
_INDENT = " " * 13  # of the text next to "Evidence", "Why" and "Change"
_ENDS = {
    "done": "training is complete",
    "budget": "the time was used up",
    "interrupted": "stopped on request",
    "nonfinite": "training diverged",
    "critical": "stopped at a critical finding",
    "sick": "stopped at a critical finding",  # in runs of earlier versions
}
_COUNTS = {CRITICAL: "critical finding", WARNING: "warning", REMARK: "remark"}
_LOSSES_ONLY = (
    "only its losses were checked, since no diagnostics were recorded (--watch 0, an older version, or just begun)."
)


@dataclass(frozen=True)
class Checkup:
    """The doctor's report of one run. Printed, it is a page."""

    run: str
    about: str  # a line: formulation, data, rounds
    verdict: str  # "critical", "warning", "healthy", or "unknown" without diagnostics, or with too few
    trend: str  # of the selection metric on held-out data
    checks: int  # findings that were looked for
    diagnostics: int  # measurements that the run recorded
    early: str  # why it is too early for a verdict; empty where it is not
    findings: tuple[Finding, ...]  # the most severe first
    losses: tuple[str, ...]  # their meaning in this formulation

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {"format": FORMAT, **asdict(self)}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"

    def lines(self, width: int = _WIDTH) -> Iterator[str]:
        """The page, wrapped."""
        yield from textwrap.wrap(self.about, width)
        yield from ["", *textwrap.wrap(self.summary, width)]
        if len(self.findings) > 1 and (first := root_cause(self.findings)) is not None:
            yield from _wrapped(f"Start with number {self.findings.index(first) + 1}. {first.change}", width)
        for number, finding in enumerate(self.findings, start=1):
            head = f"{number}. {finding.what} ({finding.severity}, {finding.confidence}, since round {finding.step:,})"
            yield from ["", *textwrap.wrap(head, width, subsequent_indent="   ")]
            yield from _labeled("   Evidence", finding.evidence, width)
            yield from _labeled("   Why", (finding.why,), width)
            yield from _labeled("   Change", (finding.change,), width)
        if self.trend:
            yield from ["", *_labeled("Trend", (self.trend,), width)]
        yield from ["", *_labeled("Losses", self.losses, width)]

    @property
    def summary(self) -> str:
        """The verdict, in a sentence or two."""
        if self.early and self.verdict == "unknown":
            remarks = f" {_count(self.findings)}." if self.findings else ""
            return f"{self.early}{remarks}"
        if not self.findings:
            all_checks = f": none of the {self.checks} checks reports a finding."
            return f"No problems found{all_checks if self.diagnostics else f', but {_LOSSES_ONLY}'}"
        opening = "is healthy, with" if self.verdict == "healthy" else "has"
        text = f"This run {opening} {_count(self.findings)}, in {self.checks} checks."
        return text if self.diagnostics else f"{text} But {_LOSSES_ONLY}"


def doctor(run: str | Path) -> Checkup:
    """Check the run in a folder: what is wrong, why, and what to change. Raises Refusal if there is no run.

    Args:
        run: The run folder.

    Example:
        >>> checkup = eq.doctor("runs/digits")
        >>> checkup.verdict in ("healthy", "unknown", "warning", "critical")
        True
    """
    history = read_history(Path(run))
    command = f"equilibria resume {shlex.quote(str(Path(run)))}"
    results = tuple(replace(each, change=each.change.replace(_RESUME, command)) for each in findings(history))
    diagnostics = len(history.of("diagnosis"))
    severities = {finding.severity for finding in results}
    early = _too_early(history).replace(_RESUME, command) if diagnostics else ""
    healthy = "healthy" if diagnostics and not early else "unknown"
    verdict = next((kind for kind in (CRITICAL, WARNING) if kind in severities), healthy)
    about, trend, losses = _about(history), _trend(history), tuple(meanings(history))
    return Checkup(str(Path(run)), about, verdict, trend, len(FINDINGS), diagnostics, early, results, losses)


def _too_early(history: History) -> str:
    """That there are too few measurements for a verdict, and how to have more; empty where there are enough."""
    steps = [event["step"] for event in history.of("diagnosis")]
    if (count := sum(step > history.rounds // 10 for step in steps)) >= NEEDED:
        return ""
    every = (history.summary.get("cadence") or {}).get("watch") or steps[0]
    longer = f"Train longer, `equilibria resume RUN --rounds {max(NEEDED * every, history.step + 1)}`,"
    return (
        f"Too early to say: after the first tenth of the rounds, {count} of the {NEEDED} measurements were made that "
        f"most findings need. {'Wait' if history.stop_reason is None else longer} or measure more often in a new run, "
        f"`--watch {max(history.rounds // (2 * NEEDED), 1)}`."
    )


def _count(results: Sequence[Finding]) -> str:
    """How many findings there are of each severity."""
    counts = {kind: sum(finding.severity == kind for finding in results) for kind in _COUNTS}
    return ", ".join(f"{count} {_COUNTS[kind]}{'s' * (count > 1)}" for kind, count in counts.items() if count)


def _about(history: History) -> str:
    """Formulation, data, rounds, and how the run ended."""
    recipe, end = history.recipe, _ENDS.get(history.stop_reason or "", "in training, or killed")
    planned = "" if history.stop_reason == "budget" else f" of {history.rounds:,}"
    return f"{recipe.get('name')} on {(recipe.get('data') or {}).get('name')}, round {history.step:,}{planned}: {end}."


def _trend(history: History) -> str:
    """The first, the lowest and the last value of the metric that selects the best checkpoint."""
    name, metric = history.selection_metric()
    if len(metric) < 2:
        return ""
    lowest, step = min(zip(metric.values, metric.steps, strict=True))
    return (
        f"{name.replace('_', ' ')} on held-out data (lower is better): {metric.values[0]:.3g} at round "
        f"{metric.steps[0]:,}, lowest {lowest:.3g} at round {step:,}, {metric.values[-1]:.3g} at round "
        f"{metric.steps[-1]:,}."
    )


def _labeled(label: str, texts: tuple[str, ...], width: int) -> Iterator[str]:
    """Texts next to one label."""
    for text in texts:
        yield from _wrapped(text, width, label.ljust(len(_INDENT)), _INDENT)
        label = ""


def _wrapped(text: str, width: int, first: str = "", indent: str = "") -> list[str]:
    """Lines of at most this width; options and names stay whole."""
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
