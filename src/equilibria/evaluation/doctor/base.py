"""What the doctor reads, and what he says."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ...records.history import History

SICK, WARNING, REMARK = "sick", "warning", "remark"  # playing on will not mend it; it costs quality; worth knowing
CERTAIN, LIKELY, POSSIBLE = "certain", "likely", "possible"


@dataclass(frozen=True)
class Finding:
    """One thing that is seen of a run, with what to make of it."""

    name: str  # of the table: "collapse"
    what: str  # a sentence: what is seen
    sure: str  # "certain", "likely" or "possible"
    severity: str  # "sick", "warning" or "remark"
    evidence: tuple[str, ...]  # numbers, each with its round
    why: str  # why it happens, in two sentences with the source
    change: str  # what to do, with the exact flag
    step: int  # the round at which it was first seen

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


Symptom = Callable[[History], Finding | None]  # None where the run does not show it
