"""What may be wrong with a run, read from its records. The table is the registration."""

from collections.abc import Iterator

from ...core.catalogue import Catalogue
from . import critics, diversity, inference, layers, memory, progress, slopes, steps
from .base import REMARK, SICK, WARNING, Finding, History, Symptom

__all__ = ["FINDINGS", "Finding", "History", "Symptom", "findings"]

FINDINGS = Catalogue(
    "finding",
    nonfinite=layers.nonfinite,
    collapse=diversity.collapse,
    oscillating=diversity.oscillating,
    saturated=critics.saturated,
    posterior_collapse=inference.posterior_collapse,
    partial=diversity.partial,
    missing=diversity.missing,
    weak=critics.weak,
    critic_memorizes=memory.critic_memorizes,
    generator_memorizes=memory.generator_memorizes,
    imbalance=steps.imbalance,
    unconverged=slopes.unconverged,
    slope=slopes.slope,
    coupled=slopes.coupled,
    pinned=layers.pinned,
    depth=layers.depth,
    momentum=steps.momentum,
    disagreement=inference.disagreement,
    past_best=progress.past_best,
    slow_average=steps.slow_average,
    data_range=progress.data_range,
    short=progress.short,
    labels_unused=progress.labels_unused,
)
_GRAVEST_FIRST = (SICK, WARNING, REMARK)


def findings(history: History) -> tuple[Finding, ...]:
    """Everything that the run shows, the gravest first."""
    return tuple(sorted(_shown(history), key=lambda finding: _GRAVEST_FIRST.index(finding.severity)))


def _shown(history: History) -> Iterator[Finding]:
    for symptom in FINDINGS.values():
        if (finding := symptom(history)) is not None:
            yield finding
