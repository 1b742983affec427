"""Findings, and the symptoms that detect them in the records of a run."""

import functools
from collections.abc import Callable
from dataclasses import dataclass

from ...records.history import History

CRITICAL, WARNING, REMARK = "critical", "warning", "remark"  # more rounds do not help; costs quality; worth knowing
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True)
class Finding:
    """One problem of a run, with its evidence, its reason and the advice."""

    name: str  # in FINDINGS: "collapse"
    what: str  # the problem, in one sentence
    confidence: str  # "certain", "likely" or "possible"
    severity: str  # "critical", "warning" or "remark"
    evidence: tuple[str, ...]  # numbers, each with its round
    why: str  # the reason, in two sentences with a source
    change: str  # the advice, with options of this run's recipe
    step: int  # the first round at which the problem shows


Observation = functools.partial[Finding]  # without its name, severity and reason, which are the same for every run


def observation(what: str, confidence: str, step: int, change: str, *evidence: str) -> Observation:
    """The part of a finding that depends on the run."""
    return functools.partial(Finding, what=what, confidence=confidence, evidence=evidence, change=change, step=step)


class Symptom:
    """The check for one finding. Its severity and its reason are the same for every run."""

    def __init__(self, severity: str, why: str, observe: Callable[[History], Observation | None]):
        functools.update_wrapper(self, observe)
        self.name, self.severity, self.why, self.observe = observe.__name__, severity, why, observe

    def __call__(self, history: History) -> Finding | None:
        """The finding, or None for a run that does not show it."""
        result = self.observe(history)
        return None if result is None else result(name=self.name, severity=self.severity, why=self.why)


def symptom(severity: str, why: str) -> Callable[[Callable[[History], Observation | None]], Symptom]:
    """Turns a function into the check for the finding of its name."""
    return functools.partial(Symptom, severity, why)
