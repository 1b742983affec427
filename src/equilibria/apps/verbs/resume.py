"""Go on with a run that was stopped."""

from dataclasses import asdict, dataclass

from ...recipes.options import read_budget
from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How to go on."""

    rounds: int | None = None
    """Rounds to play in all; as planned if left out."""
    budget: str | None = None
    """Wall time or images to see in all: 90s, 5m, 2h, 200000images; as planned if left out."""
    data_root: str | None = None
    """Folder with the original files of data sets; the run's if left out."""
    trust: bool = False
    """Import the code of its author's own that the run's recipe names."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """From the newest checkpoint on."""
    seconds = read_budget(flags.budget).seconds
    from ...recipes.session import resume
    from ..display import watching

    with watching(seconds) as display:
        resume(folder, display, **asdict(flags))
    return 0
