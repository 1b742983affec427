"""Cells as tasks of a Ray cluster, or of this machine where none is named."""

import logging
from typing import Any

from ...core.errors import Failure, Refusal
from .cells import Cell
from .jobs import Executor, Job
from .pool import THREADS
from .working import run_alone

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
    task = ray.remote(num_cpus=1, max_retries=0)(run_alone)
    slots = jobs or int(ray.cluster_resources().get("CPU", 1))
    return Executor(lambda cell: _start(ray, task, cell), slots, ray.shutdown)


def _here(address: str | None, jobs: int | None) -> dict[str, Any]:
    """What is said of a cluster that is started here."""
    return {} if address else {"num_cpus": jobs, "include_dashboard": False}


def _start(ray: Any, task: Any, cell: Cell) -> Job:
    cell.folder.parent.mkdir(parents=True, exist_ok=True)
    reference = task.remote(cell)

    def done() -> bool:
        return bool(ray.wait([reference], timeout=0)[0])

    def end() -> None:
        if not done():
            ray.cancel(reference, force=True)

    return Job(done, lambda: ray.cancel(reference), end)
