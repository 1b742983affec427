"""Where a comparison is carried out, by name."""

from pathlib import Path

from ...core.errors import Refusal, nearest
from .jobs import Executor
from .pool import pool

PLACES = ("pool", "ray", "slurm")


def executor(on: str, jobs: int | None, folder: Path) -> Executor:
    """Processes of this machine; a Ray cluster (ray, ray:HOST:PORT, ray://HOST:PORT); SLURM (slurm:KEY=VALUE,...)."""
    name, _, rest = on.partition(":")
    if name not in PLACES:
        raise Refusal(f"on is {on!r}: cells run in one of these places.{nearest(name, PLACES)}")
    if name == "ray":
        from .ray import ray_cluster

        return ray_cluster(on if rest.startswith("//") else rest or None, jobs)
    if name == "slurm":
        from .slurm import slurm

        return slurm(rest, jobs, folder)
    if rest:
        raise Refusal(f"on is {on!r}: pool has no address; --jobs says how many run at a time.")
    return pool(jobs)
