"""Trials on Ray or SLURM."""

import logging
from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal, first_line
from .pool import THREADS, Executor, Job
from .trial import Trial
from .worker import run_single_threaded

_REACHABLE = (
    "All machines of the cluster must reach the folder --out and the data under the same paths, and have equilibria "
    "installed."
)
_MINUTES = 1440  # that a SLURM job may take by default
_MANY = 10_000  # SLURM jobs at a time: the queue decides
_GENERAL = ("timeout_min", "mem_gb", "gpus_per_node", "cpus_per_task", "name")  # submitit's parameters; others: SLURM's


def ray_cluster(address: str | None = None, jobs: int | None = None) -> Executor:
    """Ray tasks of one core each; without an address on RAY_ADDRESS's cluster, or one that starts here."""
    try:
        import ray  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise Refusal("Ray is not installed: run `pip install 'equilibria[ray]'`.") from None
    local = {} if address else {"num_cpus": jobs, "include_dashboard": False}
    one_thread = {"env_vars": dict.fromkeys(THREADS, "1")}
    try:
        ray.init(address=address, runtime_env=one_thread, log_to_driver=False, logging_level=logging.ERROR, **local)
    except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
        where, what = address or "this machine", first_line(error)
        raise Failure(f"Ray does not answer at {where}: {what}. {_REACHABLE}") from error
    task = ray.remote(num_cpus=1, max_retries=0)(run_single_threaded)

    def start(trial: Trial) -> Job:
        reference = task.remote(trial)

        def is_done() -> bool:
            return bool(ray.wait([reference], timeout=0)[0])

        def kill() -> None:
            if not is_done():
                ray.cancel(reference, force=True)

        return Job(is_done, lambda: ray.cancel(reference), kill)

    return Executor(start, jobs or int(ray.cluster_resources().get("CPU", 1)), ray.shutdown)


def slurm(text: str, jobs: int | None, folder: Path) -> Executor:
    """SLURM jobs of one core each; `text` is KEY=VALUE,... of sbatch, or `local` to try it without a cluster."""
    try:
        import submitit  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise Refusal("submitit is not installed: run `pip install 'equilibria[slurm]'`.") from None
    words = [word for word in text.split(",") if word]
    local = "local" in words
    parameters: dict[str, Any] = {"cpus_per_task": 1, "timeout_min": _MINUTES, "name": "equilibria"}
    parameters |= dict(_parameter(word) for word in words if word != "local")
    try:
        queue = submitit.AutoExecutor(folder=str((folder / "slurm").absolute()), cluster="local" if local else "slurm")
        queue.update_parameters(**parameters)
    except (RuntimeError, NameError, TypeError) as error:
        raise Failure(f"SLURM cannot be used: {first_line(error)}.") from error

    def start(trial: Trial) -> Job:
        job = queue.submit(run_single_threaded, trial)

        def cancel() -> None:
            if not job.done():
                job.cancel(check=False)

        return Job(job.done, cancel, cancel)

    return Executor(start, jobs or (1 if local else _MANY))


def _parameter(word: str) -> tuple[str, Any]:
    """A parameter by submitit's name, and its value."""
    name, sign, value = word.partition("=")
    if not name or not sign:
        raise Refusal(f"on holds {word!r}: write slurm:KEY=VALUE,..., as in slurm:partition=cpu,timeout_min=60.")
    return (name if name in _GENERAL else f"slurm_{name}"), int(value) if value.isdecimal() else value
