"""Look at a data set before training on it."""

from dataclasses import dataclass

from ..arguments import Flags


@dataclass(frozen=True)
class FLAGS:
    """Where to look."""

    data_root: str | None = None
    """Folder with the original files of data sets; EQUILIBRIA_DATA if left out."""


def run(name: str, flags: FLAGS, _: Flags) -> int:
    """The report; 2 where training could not use the data."""
    from pathlib import Path

    from ...data.check import check

    report = check(name, Path(flags.data_root) if flags.data_root else None)
    print("\n".join(report.lines()))
    return 0 if report.usable else 2
