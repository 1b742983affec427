"""A process for one cell: `python -m equilibria.studies.comparing.worker` reads it from its first line of input.

Where the input ends, whoever asked wants no more, or is gone: the run finishes its round and is saved.
"""

import os
import signal
import sys
import threading


def main() -> None:
    """Carry out the cell."""
    line = sys.stdin.readline()
    threading.Thread(target=_listen, daemon=True).start()
    from .cells import Cell
    from .working import run_alone

    run_alone(Cell.from_json(line))


def _listen() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
