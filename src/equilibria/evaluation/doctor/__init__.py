"""What may be wrong with a run, read from its records. The table is the registration."""

from collections.abc import Iterator, Sequence

from ...core.catalogue import Catalogue
from ...records.history import History
from . import critics, diversity, inference, layers, memory, progress, slopes, steps
from .base import REMARK, SICK, WARNING, Finding, Symptom

__all__ = ["FINDINGS", "Finding", "Symptom", "findings", "first_to_mend", "lasting"]

FINDINGS = Catalogue(  # causes before their consequences
    "finding",
    nonfinite=layers.nonfinite,
    data_range=progress.data_range,
    coupled=slopes.coupled,
    imbalance=steps.imbalance,
    saturated=critics.saturated,
    posterior_collapse=inference.posterior_collapse,
    collapse=diversity.collapse,
    oscillating=diversity.oscillating,
    momentum=steps.momentum,
    weak=critics.weak,
    unconverged=slopes.unconverged,
    slope=slopes.slope,
    pinned=layers.pinned,
    depth=layers.depth,
    partial=diversity.partial,
    missing=diversity.missing,
    critic_memorizes=memory.critic_memorizes,
    generator_memorizes=memory.generator_memorizes,
    disagreement=inference.disagreement,
    past_best=progress.past_best,
    slow_average=steps.slow_average,
    short=progress.short,
    labels_unused=progress.labels_unused,
)
_GRAVEST_FIRST = (SICK, WARNING, REMARK)


def findings(history: History) -> tuple[Finding, ...]:
    """Everything that the run shows, the gravest first."""
    return tuple(sorted(_shown(history), key=lambda finding: _GRAVEST_FIRST.index(finding.severity)))


def lasting(history: History) -> tuple[Finding, ...]:
    """What has shown for a quarter of the rounds so far and a tenth of all: games get well again, too. No remarks."""
    least = max(history.step / 4, history.rounds / 10)
    return tuple(f for f in findings(history) if f.severity != REMARK and history.step - f.step >= least)


def _shown(history: History) -> Iterator[Finding]:
    for symptom in FINDINGS.values():
        if (finding := symptom(history)) is not None:
            yield finding


def first_to_mend(found: Sequence[Finding]) -> Finding | None:
    """Of several findings the one that most likely brought about others; remarks need no mending."""
    places = list(FINDINGS)
    grave = [finding for finding in found if finding.severity != REMARK]
    return min(grave, key=lambda finding: places.index(finding.name), default=None)
