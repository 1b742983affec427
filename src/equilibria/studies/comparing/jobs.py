"""Cells that are carried out elsewhere, several at a time, and followed until all are done."""

import dataclasses
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType

from ...records.events import Tail
from .cells import Cell, outcome, record
from .watching import Watch

_TICK = 0.25  # seconds between looks
_CRASHED = "Its process ended before the run did, without a word: too little memory? {log} tells more."
_STOPPING = "Stopping: every run finishes its round and is saved. Ask again to stop at once."


@dataclass(frozen=True)
class Job:
    """A cell on its way."""

    done: Callable[[], bool]
    ask: Callable[[], None]  # to stop after this round, saved
    end: Callable[[], None]  # at once


@dataclass(frozen=True)
class Executor:
    """Where cells are carried out, by `run_one(cell) -> folder`."""

    start: Callable[[Cell], Job]
    slots: int  # cells at a time
    close: Callable[[], None] = lambda: None


def carry_out(cells: Sequence[Cell], executor: Executor, watch: Watch) -> bool:
    """Have the cells run. False if that was stopped on request: those that had begun are saved."""
    waiting, playing = deque(cells), dict[str, tuple[Cell, Job, Tail]]()
    try:
        with _asked():
            while waiting or playing:
                while waiting and len(playing) < executor.slots:
                    cell = waiting.popleft()
                    record(cell.folder, dataclasses.replace(outcome(cell.folder), state="playing", sentence=""))
                    playing[str(cell.folder)] = cell, executor.start(cell), _begun(cell, watch)
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


def _begun(cell: Cell, watch: Watch) -> Tail:
    """Tell of a cell that begins, and of what it has played before; not why that was left."""
    watch.begin(cell)
    tail = Tail(cell.folder)
    for event in tail.news():
        if event["kind"] != "stop":
            watch.show(cell, event)
    return tail


def _look(playing: dict[str, tuple[Cell, Job, Tail]], watch: Watch, stopping: bool = False) -> None:
    """Tell of every run what is new; forget those that are done."""
    for key, (cell, job, tail) in list(playing.items()):
        over = job.done()
        for event in tail.news():
            watch.show(cell, event)
        if over:
            del playing[key]
            found = outcome(cell.folder)
            if found.state == "playing":
                log = cell.folder.with_name(f"{cell.folder.name}.log")
                state, said = ("interrupted", "") if stopping else ("failed", _CRASHED.format(log=log))
                found = dataclasses.replace(found, state=state, sentence=said)
                record(cell.folder, found)
            watch.end(cell, found)


def _stop(playing: dict[str, tuple[Cell, Job, Tail]], watch: Watch) -> None:
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
