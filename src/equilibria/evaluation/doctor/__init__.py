"""Checks of a run for what may be wrong with it, read from its records. The table is the registration."""

from collections.abc import Sequence

from ...core.catalogue import Catalogue
from ...records.history import History
from . import collapse, critic, optimization, progress
from .base import CRITICAL, REMARK, WARNING, Finding, Symptom

__all__ = ["FINDINGS", "Finding", "Symptom", "findings", "persistent", "root_cause"]

FINDINGS = Catalogue(  # causes before their consequences
    "finding",
    nonfinite=optimization.nonfinite,
    data_range=progress.data_range,
    coupled=critic.coupled,
    inert_penalty=critic.inert_penalty,
    instability=optimization.instability,
    imbalance=optimization.imbalance,
    saturated=critic.saturated,
    posterior_collapse=collapse.posterior_collapse,
    collapse=collapse.collapse,
    oscillating=collapse.oscillating,
    momentum=optimization.momentum,
    weak=critic.weak,
    unconverged=critic.unconverged,
    slope=critic.slope,
    pinned=optimization.pinned,
    depth=optimization.depth,
    partial=collapse.partial,
    missing=collapse.missing,
    critic_memorizes=critic.critic_memorizes,
    generator_memorizes=critic.generator_memorizes,
    disagreement=collapse.disagreement,
    unlike=progress.unlike,
    no_progress=progress.no_progress,
    past_best=progress.past_best,
    slow_average=optimization.slow_average,
    short=progress.short,
    labels_unused=progress.labels_unused,
)

NEEDED = 4  # diagnoses after the first tenth of the rounds, for most findings


def findings(history: History) -> tuple[Finding, ...]:
    """All findings of a run, the most severe first."""
    results = [finding for symptom in FINDINGS.values() if (finding := symptom(history)) is not None]
    return tuple(sorted(results, key=lambda finding: (CRITICAL, WARNING, REMARK).index(finding.severity)))


def persistent(history: History) -> tuple[Finding, ...]:
    """The findings, without remarks, that held for a quarter of the rounds so far and a tenth of all: runs recover."""
    least = max(history.step / 4, history.rounds / 10)
    return tuple(f for f in findings(history) if f.severity != REMARK and history.step - f.step >= least)


def root_cause(results: Sequence[Finding]) -> Finding | None:
    """The finding that most likely caused the others; None if all are remarks."""
    order = list(FINDINGS)
    problems = [finding for finding in results if finding.severity != REMARK]
    return min(problems, key=lambda finding: order.index(finding.name), default=None)
