"""What may be said of a comparison beside its recipes."""

from dataclasses import dataclass

from ...core.errors import Refusal


@dataclass(frozen=True)
class Wishes:
    """On what, how often, how long, where."""

    data: tuple[str, ...] = ()
    """Data sets, by name or path, commas between several."""
    seeds: int = 3
    """Runs of each recipe on each data set; from 5 on, recipes are ranked where the intervals allow it."""
    budget: str | None = None
    """Wall time or images for each run: 90s, 5m, 2h, 200000images; or say --rounds."""
    seed: int = 0
    """The first seed; the others follow it."""
    out: str | None = None
    """Folder of the runs, report.html and report.csv; comparison if left out."""
    jobs: int | None = None
    """Runs at a time, one thread each; one a core if left out."""
    on: str = "pool"
    """Who plays: pool (this machine), ray, ray://HOST:PORT, slurm or slurm:KEY=VALUE,..."""
    metrics: str = ""
    """What to measure, as in `evaluate`; the first is what the conclusion is about."""
    features: str = "auto"
    """The network that samples are compared by: auto, or a name of `equilibria show features`."""
    count: int = 0
    """Samples to measure on; as many as there are held-out ones to report on, if left out."""
    force: bool = False
    """Replace the report of another comparison that lies in the folder; its runs are kept."""

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise Refusal(f"{name} is {value}: at least 1 is needed.")
        if self.count < 0:
            raise Refusal(f"count is {self.count}: a number of samples is needed, or 0 for as many as there are.")
