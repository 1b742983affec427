"""Say what is wrong with a run, and what to change."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """How to say it."""

    json: bool = False
    """Print JSON for programs instead of a page to read."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """From the run's own records; it may still be playing."""
    import json

    from ...studies.doctoring import doctor
    from ..text import width

    checkup = doctor(folder)
    print(json.dumps(checkup.to_dict(), indent=2) if flags.json else "\n".join(checkup.lines(width())))
    return 0
