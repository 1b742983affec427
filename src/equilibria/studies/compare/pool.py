"""Trials in local processes: submit, follow, retry."""

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ...core.errors import Refusal, nearest
from ...records.events import Tail
from .trial import ComparisonDisplay, Trial, outcome, record

_TICK = 0.25  # seconds between looks
_CRASHED = "Its process ended before the run did, without a word: too little memory? {log} tells more."
_STOPPING = "Stopping: every run finishes its round and is saved. Ask again to stop at once."


@dataclass(frozen=True)
class Job:
    """A trial on its way."""

    done: Callable[[], bool]
    ask: Callable[[], None]  # to stop after this round, saved
    end: Callable[[], None]  # at once


@dataclass(frozen=True)
class Executor:
    """Where trials are carried out, by `run_one(trial) -> folder`."""

    start: Callable[[Trial], Job]
    slots: int  # trials at a time
    close: Callable[[], None] = lambda: None


def run_trials(trials: Sequence[Trial], executor: Executor, watch: ComparisonDisplay) -> bool:
    """Have the trials run. False if that was stopped on request: those that had begun are saved."""
    waiting, playing = deque(trials), dict[str, tuple[Trial, Job, Tail]]()
    try:
        with _asked():
            while waiting or playing:
                while waiting and len(playing) < executor.slots:
                    trial = waiting.popleft()
                    record(trial.folder, dataclasses.replace(outcome(trial.folder), state="playing", sentence=""))
                    playing[str(trial.folder)] = trial, executor.start(trial), _begun(trial, watch)
                _look(playing, watch)
                time.sleep(_TICK)
        return True
    except KeyboardInterrupt:
        watch.say(_STOPPING)
        _stop(playing, watch)
        return False
    finally:
        for _, job, _ in playing.values():
            job.end()
        executor.close()


def _begun(trial: Trial, watch: ComparisonDisplay) -> Tail:
    """Tell of a trial that begins, and of what it has played before; not why that was left."""
    watch.begin(trial)
    tail = Tail(trial.folder)
    for event in tail.new_events():
        if event["kind"] != "stop":
            watch.show(trial, event)
    return tail


def _look(playing: dict[str, tuple[Trial, Job, Tail]], watch: ComparisonDisplay, stopping: bool = False) -> None:
    """Tell of every run what is new; forget those that are done."""
    for key, (trial, job, tail) in list(playing.items()):
        over = job.done()
        for event in tail.new_events():
            watch.show(trial, event)
        if over:
            del playing[key]
            found = outcome(trial.folder)
            if found.state == "playing":
                log = trial.folder.with_name(f"{trial.folder.name}.log")
                state, said = ("interrupted", "") if stopping else ("failed", _CRASHED.format(log=log))
                found = dataclasses.replace(found, state=state, sentence=said)
                record(trial.folder, found)
            watch.end(trial, found)


def _stop(playing: dict[str, tuple[Trial, Job, Tail]], watch: ComparisonDisplay) -> None:
    """Ask all to stop, and wait until they have; asked again, wait no longer."""
    with suppress(KeyboardInterrupt), _asked():
        for _, job, _ in playing.values():
            job.ask()
        while playing:
            _look(playing, watch, stopping=True)
            time.sleep(_TICK)


@contextmanager
def _asked() -> Iterator[None]:
    """Let SIGTERM mean what Ctrl-C does. Only the main thread hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)


THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")


def pool(jobs: int | None = None) -> Executor:
    """So many processes at a time, started anew for each trial; one a core if nothing is said."""
    return Executor(_start, jobs or cores())


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def environment() -> dict[str, str]:
    """One thread, and the same places to import from."""
    path = os.pathsep.join(place or str(Path.cwd()) for place in sys.path)
    return os.environ | dict.fromkeys(THREADS, "1") | {"PYTHONPATH": path}


def _start(trial: Trial) -> Job:
    """A process in a session of its own: Ctrl-C reaches it through whoever started it alone."""
    trial.folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", f"{__package__}.worker"]
    with trial.folder.with_name(f"{trial.folder.name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment(),
            start_new_session=True,
        )
    assert process.stdin is not None
    process.stdin.write(f"{trial.to_json()}\n".encode())
    process.stdin.flush()
    return Job(lambda: process.poll() is not None, process.stdin.close, lambda: _end(process))


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()
    if process.stdin is not None:
        process.stdin.close()


PLACES = ("pool", "ray", "slurm")


def executor(on: str, jobs: int | None, folder: Path) -> Executor:
    """Processes of this machine; a Ray cluster (ray, ray:HOST:PORT, ray://HOST:PORT); SLURM (slurm:KEY=VALUE,...)."""
    name, _, rest = on.partition(":")
    if name not in PLACES:
        raise Refusal(f"on is {on!r}: trials run in one of these places.{nearest(name, PLACES)}")
    if name == "ray":
        from .cluster import ray_cluster

        return ray_cluster(on if rest.startswith("//") else rest or None, jobs)
    if name == "slurm":
        from .cluster import slurm

        return slurm(rest, jobs, folder)
    if rest:
        raise Refusal(f"on is {on!r}: pool has no address; --jobs says how many run at a time.")
    return pool(jobs)
