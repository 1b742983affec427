"""What may be wrong with a run, read from its records. The table is the registration."""

from collections.abc import Iterator, Sequence

from ...core.catalogue import Catalogue
from ...records.history import History
from . import collapse, critic, gradients, lipschitz, optimization, progress
from .base import CRITICAL, REMARK, WARNING, Finding, Symptom

__all__ = ["FINDINGS", "Finding", "Symptom", "findings", "first_to_mend", "lasting"]

FINDINGS = Catalogue(  # causes before their consequences
    "finding",
    nonfinite=gradients.nonfinite,
    data_range=progress.data_range,
    coupled=lipschitz.coupled,
    imbalance=optimization.imbalance,
    saturated=critic.saturated,
    posterior_collapse=collapse.posterior_collapse,
    collapse=collapse.collapse,
    oscillating=collapse.oscillating,
    momentum=optimization.momentum,
    weak=critic.weak,
    unconverged=lipschitz.unconverged,
    slope=lipschitz.slope,
    pinned=gradients.pinned,
    depth=gradients.depth,
    partial=collapse.partial,
    missing=collapse.missing,
    critic_memorizes=critic.critic_memorizes,
    generator_memorizes=critic.generator_memorizes,
    disagreement=collapse.disagreement,
    past_best=progress.past_best,
    slow_average=optimization.slow_average,
    short=progress.short,
    labels_unused=progress.labels_unused,
)
_GRAVEST_FIRST = (CRITICAL, WARNING, REMARK)


def findings(history: History) -> tuple[Finding, ...]:
    """Everything that the run shows, the gravest first."""
    return tuple(sorted(_shown(history), key=lambda finding: _GRAVEST_FIRST.index(finding.severity)))


def persistent(history: History) -> tuple[Finding, ...]:
    """What has shown for a quarter of the rounds so far and a tenth of all: games get well again, too. No remarks."""
    least = max(history.step / 4, history.rounds / 10)
    return tuple(f for f in findings(history) if f.severity != REMARK and history.step - f.step >= least)


def _shown(history: History) -> Iterator[Finding]:
    for symptom in FINDINGS.values():
        if (finding := symptom(history)) is not None:
            yield finding


def root_cause(found: Sequence[Finding]) -> Finding | None:
    """Of several findings the one that most likely brought about others; remarks need no mending."""
    places = list(FINDINGS)
    grave = [finding for finding in found if finding.severity != REMARK]
    return min(grave, key=lambda finding: places.index(finding.name), default=None)
