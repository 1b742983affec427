"""Trials on Ray or SLURM."""

import logging
from pathlib import Path
from typing import Any

from ...core.errors import Failure, Refusal
from .pool import THREADS, Executor, Job
from .trial import Trial
from .worker import run_single_threaded

_EVERYWHERE = (
    "The folder --out and the data must lie where every machine of the cluster sees them, under the same names, and "
    "equilibria must be installed there."
)


def ray_cluster(address: str | None = None, jobs: int | None = None) -> Executor:
    """Tasks of one processor each; without an address RAY_ADDRESS's cluster, or one that is started here."""
    try:
        import ray  # type: ignore[import-not-found,import-untyped,unused-ignore]
    except ImportError:
        raise Refusal("Ray is not installed: say `pip install 'equilibria[ray]'`.") from None
    alone = {"env_vars": dict.fromkeys(THREADS, "1")}
    try:
        ray.init(
            address=address, runtime_env=alone, log_to_driver=False, logging_level=logging.ERROR, **_here(address, jobs)
        )
    except (ConnectionError, RuntimeError, ValueError, ImportError) as error:
        what = str(error).strip().partition("\n")[0]
        raise Failure(f"Ray does not answer at {address or 'this machine'}: {what}. {_EVERYWHERE}") from error
    task = ray.remote(num_cpus=1, max_retries=0)(run_single_threaded)
    slots = jobs or int(ray.cluster_resources().get("CPU", 1))
    return Executor(lambda trial: _start(ray, task, trial), slots, ray.shutdown)


def _here(address: str | None, jobs: int | None) -> dict[str, Any]:
    """What is said of a cluster that is started here."""
    return {} if address else {"num_cpus": jobs, "include_dashboard": False}


def _start(ray: Any, task: Any, trial: Trial) -> Job:
    trial.folder.parent.mkdir(parents=True, exist_ok=True)
    reference = task.remote(trial)

    def done() -> bool:
        return bool(ray.wait([reference], timeout=0)[0])

    def end() -> None:
        if not done():
            ray.cancel(reference, force=True)

    return Job(done, lambda: ray.cancel(reference), end)


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
    return Executor(lambda trial: _start_slurm(queue, trial), jobs or (1 if local else _MANY))


def _pair(word: str) -> tuple[str, Any]:
    """A parameter, by submitit's name of it."""
    name, sign, value = word.partition("=")
    if not name or not sign:
        raise Refusal(f"on says {word!r}: write slurm:KEY=VALUE,..., as in slurm:partition=cpu,timeout_min=60.")
    return (name if name in _GENERAL else f"slurm_{name}"), int(value) if value.isdecimal() else value


def _start_slurm(queue: Any, trial: Trial) -> Job:
    trial.folder.parent.mkdir(parents=True, exist_ok=True)
    job = queue.submit(run_single_threaded, trial)

    def stop() -> None:
        if not job.done():
            job.cancel(check=False)

    return Job(job.done, stop, stop)
