"""Write all that is known of a run as a page."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """Where to."""

    out: str | None = None
    """The page, an .html file; report.html in the run's folder if left out."""
    force: bool = False
    """Write over what is there."""


def run(folder: str, flags: FLAGS, _: Flags) -> int:
    """One file that needs no other, and no network."""
    from ...studies.reporting.run import report

    print(f"Written: {report(folder, flags.out, flags.force)}")
    return 0
