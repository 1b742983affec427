"""Go on with a run that was stopped."""

from dataclasses import asdict, dataclass
from pathlib import Path

from ...core.errors import Refusal
from ...recipes.options import read_budget
from ...records.folder import RunFolder
from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How to go on."""

    rounds: int | None = None
    """Rounds to play in all; as planned if left out."""
    budget: str | None = None
    """Wall time or images to see in all: 90s, 5m, 2h, 200000images; as planned if left out."""
    stop_when: str | None = None
    """sick: stop when the doctor finds the run sick, and set it back to its best; as planned if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; the run's if left out."""
    trust: bool = False
    """Import the code of its author's own that the run's recipe names."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """From the newest checkpoint on."""
    from ..display import watching

    with watching(_seconds(Path(folder), flags)) as display:
        from ...recipes.session import resume

        resume(folder, display, **asdict(flags))
    return 0


def _seconds(folder: Path, flags: FLAGS) -> float | None:
    """The time to play in all, where that is limited: as said now, else as planned."""
    if flags.rounds is not None or flags.budget is not None:
        return read_budget(flags.budget).seconds
    try:
        return RunFolder(folder).summary()["end"]["seconds"]
    except (Refusal, TypeError, KeyError):
        return None  # `resume` will say what is wrong
