"""Ctrl-C and SIGTERM: the first finishes and saves the round, the second stops at once."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from .run import Run

_ASKING = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def interruptible(run: Run) -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end the run after this round. Only the main thread hears signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if run.stop == "interrupted":
            raise KeyboardInterrupt
        run.stop = "interrupted"

    before = {number: signal.signal(number, ask) for number in _ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler or signal.SIG_DFL)  # none: one that Python did not set
