"""What may be said of a comparison beside its recipes."""

from dataclasses import dataclass

from ...core.errors import Refusal


@dataclass(frozen=True)
class Wishes:
    """On what, how often, how long, where."""

    data: tuple[str, ...] = ()
    """Data sets, by name or path, separated by commas."""
    seeds: int = 3
    """Runs of each recipe on each data set; with 5 or more, recipes are ranked where the intervals allow it."""
    budget: str | None = None
    """Wall time or images per run: 90s, 5m, 2h, 200000images; or use --rounds."""
    seed: int = 0
    """First seed; the others follow it."""
    out: str | None = None
    """Folder of the runs, report.html and report.csv; default: comparison."""
    jobs: int | None = None
    """Parallel runs, one thread each (default: one per core)."""
    on: str = "pool"
    """Where to run: pool (this machine), ray, ray://HOST:PORT, slurm or slurm:KEY=VALUE,..."""
    metrics: str = ""
    """Metrics, as in `evaluate`; the first decides the conclusion."""
    features: str = "auto"
    """Feature network of the metrics: auto, or a name of `equilibria show features`."""
    count: int = 0
    """Samples per evaluation; 0: as many as there are held-out samples for reports."""
    force: bool = False
    """Replace the report of another comparison in the folder; its runs are kept."""

    def __post_init__(self) -> None:
        for name in ("seeds", "jobs"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise Refusal(f"{name} is {value}: at least 1 is needed.")
        if self.count < 0:
            raise Refusal(f"count is {self.count}: a number of samples is needed, or 0 for as many as there are.")
