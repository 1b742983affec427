"""Cells as processes of this machine, each with one thread."""

import os
import subprocess
import sys
from pathlib import Path

from .cells import Cell
from .jobs import Executor, Job

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def pool(jobs: int | None = None) -> Executor:
    """So many processes at a time, started anew for each cell; one a core if nothing is said."""
    return Executor(_start, jobs or cores())


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment() -> dict[str, str]:
    """One thread, and the same places to import from."""
    path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    return os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": path}


def _start(cell: Cell) -> Job:
    """A process in a session of its own: Ctrl-C reaches it through whoever started it alone."""
    cell.folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"{__package__}.worker"]
    with cell.folder.with_name(f"{cell.folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(f"{cell.to_json()}\n".encode())
    process.stdin.flush()
    return Job(lambda: process.poll() is not None, process.stdin.close, lambda: _end(process))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()
