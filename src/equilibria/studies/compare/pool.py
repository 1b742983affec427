"""Runs the trials of a comparison: in local processes, on Ray or on SLURM."""

import dataclasses
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from signal import default_int_handler

from ...core.errors import Refusal, nearest
from ...core.signals import on_stop
from ...records.events import Tail
from ...training.hardware import cores
from .trial import ComparisonDisplay, Trial, outcome, record

_TICK = 0.25  # seconds between polls
_CRASHED = "Its process ended without a message: too little memory? See {log}."
_STOPPING = "Stopping: every run finishes its round and is saved. Press Ctrl-C again to stop at once."
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
PLACES = ("pool", "ray", "slurm")


@dataclass(frozen=True)
class Job:
    """A trial that was submitted."""

    is_done: Callable[[], bool]
    stop: Callable[[], None]  # after the current round, saved
    kill: Callable[[], None]


@dataclass(frozen=True)
class Executor:
    """Where trials run, each with `run_trial`."""

    start: Callable[[Trial], Job]
    slots: int  # trials at a time
    close: Callable[[], None] = lambda: None


def executor(on: str, jobs: int | None, folder: Path) -> Executor:
    """Processes of this machine; a Ray cluster (ray, ray:HOST:PORT, ray://HOST:PORT); SLURM (slurm:KEY=VALUE,...)."""
    name, _, rest = on.partition(":")
    if name not in PLACES:
        raise Refusal(f"on is {on!r}: it must be {', '.join(PLACES[:-1])} or {PLACES[-1]}.{nearest(name, PLACES)}")
    if name == "ray":
        from .cluster import ray_cluster

        return ray_cluster(on if rest.startswith("//") else rest or None, jobs)
    if name == "slurm":
        from .cluster import slurm

        return slurm(rest, jobs, folder)
    if rest:
        raise Refusal(f"on is {on!r}: pool has no address; --jobs sets how many run at a time.")
    return Executor(_start, jobs or cores())


Running = dict[Path, tuple[Trial, Job, Tail]]  # by the folder of the run


def run_trials(trials: Sequence[Trial], executor: Executor, display: ComparisonDisplay) -> bool:
    """Run the trials. False if that was interrupted: trials that had started are saved."""
    waiting, running = deque(trials), Running()
    try:
        with on_stop(default_int_handler):
            while waiting or running:
                while waiting and len(running) < executor.slots:
                    trial = waiting.popleft()
                    record(trial.folder, dataclasses.replace(outcome(trial.folder), state="running", sentence=""))
                    running[trial.folder] = trial, executor.start(trial), _begin(trial, display)
                _poll(running, display)
                time.sleep(_TICK)
        return True
    except KeyboardInterrupt:
        display.say(_STOPPING)
        _stop(running, display)
        return False
    finally:
        for _, job, _ in running.values():
            job.kill()
        executor.close()


def _begin(trial: Trial, display: ComparisonDisplay) -> Tail:
    """Show a trial that starts with the events of its earlier sessions, except for their stops."""
    display.begin(trial)
    tail = Tail(trial.folder)
    for event in tail.new_events():
        if event["kind"] != "stop":
            display.show(trial, event)
    return tail


def _poll(running: Running, display: ComparisonDisplay, stopping: bool = False) -> None:
    """Show new events of all running trials, and drop those that have ended."""
    for trial, job, tail in list(running.values()):
        done = job.is_done()
        for event in tail.new_events():
            display.show(trial, event)
        if done:
            del running[trial.folder]
            end = outcome(trial.folder)
            if end.state == "running":
                log = trial.folder.with_name(f"{trial.folder.name}.log")
                state, sentence = ("interrupted", "") if stopping else ("failed", _CRASHED.format(log=log))
                record(trial.folder, end := dataclasses.replace(end, state=state, sentence=sentence))
            display.end(trial, end)


def _stop(running: Running, display: ComparisonDisplay) -> None:
    """Stop all trials after their rounds and wait for them, until the next interrupt."""
    with suppress(KeyboardInterrupt), on_stop(default_int_handler):
        for _, job, _ in running.values():
            job.stop()
        while running:
            _poll(running, display, stopping=True)
            time.sleep(_TICK)


def environment() -> dict[str, str]:
    """The environment of a worker: one thread, and the same import path."""
    path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    return os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": path}


def _start(trial: Trial) -> Job:
    """Start a process in a session of its own, so that Ctrl-C reaches it only through this process."""
    with trial.folder.with_name(f"{trial.folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", f"{__package__}.worker"],  # -P: nothing of the current folder is imported
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(f"{trial.to_json()}\n".encode())
    process.stdin.flush()
    return Job(lambda: process.poll() is not None, process.stdin.close, lambda: _kill(process))


def _kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.communicate()  # closes its input, and waits for its end
