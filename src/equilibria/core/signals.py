"""The signals that ask a process to stop."""

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def on_stop(handle: Callable[[int, Any], None], wake: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Let Ctrl-C, SIGTERM and SIGHUP call `handle`, and call `wake` when a process that was stopped goes on.

    Only the main thread receives signals: in others nothing changes. What `nohup` ignores stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = {"SIGINT": handle, "SIGTERM": handle, "SIGHUP": handle, "SIGCONT": lambda *_: wake()}
    numbers = {getattr(signal, name): handler for name, handler in handlers.items() if hasattr(signal, name)}
    before = {
        number: signal.signal(number, handler)
        for number, handler in numbers.items()
        if number == signal.SIGINT or signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield
    finally:
        for number, former in before.items():
            signal.signal(number, former or signal.SIG_DFL)  # None: a handler that Python did not set
