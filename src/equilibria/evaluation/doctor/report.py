"""What is wrong with a run, or that all is well, in words: from its own records."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...records.history import History, read_history
from . import FINDINGS, Finding, findings, root_cause
from .base import CRITICAL, REMARK, WARNING
from .loss_meaning import meanings

FORMAT = 1
_WIDTH = 100
_LABEL = 10  # columns of "Evidence", "Why" and "Change"
_ENDS = {
    "done": "all rounds were played",
    "budget": "the time was used up",
    "interrupted": "stopped on request",
    "nonfinite": "broke down",
    "critical": "stopped at a critical finding",
    "sick": "stopped at a critical finding",  # in runs of earlier versions
}


@dataclass(frozen=True)
class Checkup:
    """What the doctor says of one run. Printed, it is a page to read."""

    run: str
    about: str  # a line: formulation, data, rounds
    verdict: str  # "critical", "warning", "healthy", or "unknown" without diagnostics
    findings: tuple[Finding, ...]  # the gravest first
    losses: tuple[str, ...]  # what they mean in this formulation
    course: str  # how the measure on held-out data went
    looked_for: int  # findings in all
    looks: int  # closer looks that were taken of the run

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        fields = {name: getattr(self, name) for name in ("run", "about", "verdict", "course", "looked_for", "looks")}
        found = [finding.to_dict() for finding in self.findings]
        return {"format": FORMAT, **fields, "findings": found, "losses": list(self.losses)}

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self, width: int = _WIDTH) -> Iterator[str]:
        """The page, wrapped."""
        yield from textwrap.wrap(self.about, width)
        yield from ["", *textwrap.wrap(self.summary, width)]
        if len(self.findings) > 1 and (first := root_cause(self.findings)) is not None:
            yield from _wrapped(f"Begin with number {self.findings.index(first) + 1}. {first.change}", width)
        for number, finding in enumerate(self.findings, start=1):
            yield ""
            yield from _said(number, finding, width)
        if self.course:
            yield from ["", *_hung("Course", self.course, width)]
        yield ""
        yield from _listed("Losses", self.losses, width)

    @property
    def summary(self) -> str:
        """The verdict, in a sentence or two."""
        counts = {kind: sum(f.severity == kind for f in self.findings) for kind in (CRITICAL, WARNING, REMARK)}
        unseen = "" if self.looks else _UNSEEN
        if not self.findings and not self.looks:
            return f"Nothing wrong is to be seen, but little can be:{_UNSEEN}"
        if not self.findings:
            return f"All is well, as far as can be seen: none of the {self.looked_for} findings shows."
        parts = [
            text.format(counts[kind], "" if counts[kind] == 1 else "s")
            for kind, text in _COUNTED.items()
            if counts[kind]
        ]
        opening = {CRITICAL: "This run has a critical problem", WARNING: "This run could do better"}
        said = f"{opening.get(self.verdict, 'This run is well')}: {', '.join(parts)}"
        return f"{said}, of {self.looked_for} findings looked for.{unseen and f' But{unseen}'}"


_COUNTED = {CRITICAL: "{} critical finding{}", WARNING: "{} warning{}", REMARK: "{} remark{}"}
_UNSEEN = (
    " nobody looked closer while it played (--watch 0, an older version, or just begun), so only losses are judged."
)


def doctor(run: str | Path) -> Checkup:
    """What is wrong with the run in a folder, why, and what to change. Raises Refusal if there is none."""
    found = read_history(Path(run))
    shown = findings(found)
    grave = {finding.severity for finding in shown}
    looks = len(found.of("diagnosis"))
    verdict = CRITICAL if CRITICAL in grave else WARNING if WARNING in grave else "healthy" if looks else "unknown"
    return Checkup(
        str(run),
        _about(found),
        verdict,
        shown,
        tuple(meanings(found)),
        _course(found),
        len(FINDINGS),
        looks,
    )


def _about(found: History) -> str:
    """Formulation, data, and how far it came."""
    end = _ENDS.get(found.stop_reason or "", "still playing, or killed")
    rounds = f"round {found.step:,}" + (f" of {found.rounds:,}" if found.stop_reason != "budget" else "")
    return f"{found.recipe.get('name')} on {(found.recipe.get('data') or {}).get('name')}, {rounds}: {end}."


def _course(found: History) -> str:
    """How the measure went that the best round is chosen by."""
    name, series = found.selection_metric()
    if len(series) < 2:
        return ""
    lowest = min(zip(series.values, series.steps, strict=True))
    return (
        f"{name.replace('_', ' ')} on held-out data (lower is better): {series.values[0]:.3g} at round "
        f"{series.steps[0]:,}, lowest {lowest[0]:.3g} at round {lowest[1]:,}, {series.values[-1]:.3g} at round "
        f"{series.steps[-1]:,}."
    )


def _said(number: int, finding: Finding, width: int) -> Iterator[str]:
    """One finding: what, evidence, why, change."""
    head = f"{number}. {finding.what} ({finding.severity}, {finding.sure}, since round {finding.step:,})"
    yield from textwrap.wrap(head, width, subsequent_indent="   ")
    yield from _listed("   Evidence", finding.evidence, width)
    yield from _hung("   Why", finding.why, width)
    yield from _hung("   Change", finding.change, width)


def _listed(label: str, texts: tuple[str, ...], width: int) -> Iterator[str]:
    """Several texts beside one label."""
    for text in texts:
        yield from _hung(label, text, width)
        label = ""


def _hung(label: str, text: str, width: int) -> list[str]:
    """A text beside its label."""
    indent = " " * (_LABEL + 3)
    first = label.ljust(len(indent))
    return _wrapped(text, width, first, indent)


def _wrapped(text: str, width: int, first: str = "", indent: str = "") -> list[str]:
    """Lines of at most this width; flags and names stay whole."""
    return textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
