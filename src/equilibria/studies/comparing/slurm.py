"""Cells as jobs of a SLURM cluster, by submitit."""

from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal
from .cells import Cell
from .jobs import Executor, Job
from .working import run_alone

_LONG = 1440  # minutes that a job may take, if nobody says
_GENERAL = (
    "timeout_min",
    "mem_gb",
    "gpus_per_node",
    "cpus_per_task",
    "name",
)  # submitit's own words; others are SLURM's
_MANY = 10_000  # jobs at a time: the queue decides


def slurm(said: str, jobs: int | None, folder: Path) -> Executor:
    """Jobs of one processor each; `said` is KEY=VALUE,... of sbatch, or `local` to try that without a cluster."""
    try:
        import submitit  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise Refusal("submitit is not installed: say `pip install 'equilibria[slurm]'`.") from None
    words = [word for word in said.split(",") if word]
    local = "local" in words
    told = dict(_pair(word) for word in words if word != "local")
    try:
        queue = submitit.AutoExecutor(folder=str((folder / "slurm").absolute()), cluster="local" if local else "slurm")
        queue.update_parameters(**{"cpus_per_task": 1, "timeout_min": _LONG, "name": "equilibria"} | told)
    except (RuntimeError, NameError, TypeError) as error:
        raise Failure(f"SLURM cannot be asked: {str(error).strip().partition(chr(10))[0]}.") from error
    return Executor(lambda cell: _start(queue, cell), jobs or (1 if local else _MANY))


def _pair(word: str) -> tuple[str, Any]:
    """A parameter, by submitit's name of it."""
    name, sign, value = word.partition("=")
    if not name or not sign:
        raise Refusal(f"on says {word!r}: write slurm:KEY=VALUE,..., as in slurm:partition=cpu,timeout_min=60.")
    return (name if name in _GENERAL else f"slurm_{name}"), int(value) if value.isdecimal() else value


def _start(queue: Any, cell: Cell) -> Job:
    cell.folder.parent.mkdir(parents=True, exist_ok=True)
    job = queue.submit(run_alone, cell)

    def stop() -> None:
        if not job.done():
            job.cancel(check=False)

    return Job(job.done, stop, stop)
