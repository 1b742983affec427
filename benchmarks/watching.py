"""What watching costs: the same run with and without, in turns, in processor time of one thread."""

import argparse
import os
import statistics
import tempfile
import time
from typing import Any
from unittest import mock

import torch

from equilibria.runs.session import train
from equilibria.runs.watch import Diagnoser
from equilibria.training.run import Run

_CASES = {"wgan-gp": ("digits", 600), "r3gan": ("mnist", 1200), "gan-ns": ("ring", 6000)}  # data, rounds
_BAR = 0.05


class Clock:
    """Hears events, and takes the time from the first to the last."""

    def __init__(self) -> None:
        self.seconds, self._began = 0.0, 0.0

    def say(self, text: str) -> None:
        """Nobody reads."""

    def show(self, event: dict[str, Any]) -> None:
        """Play begins after the start, and ends with the stop."""
        if event["kind"] == "start":
            self._began = time.process_time()
        elif event["kind"] == "stop":
            self.seconds = time.process_time() - self._began


class Looks:
    """Diagnoses that are timed."""

    def __init__(self) -> None:
        self.seconds = list[float]()

    def __enter__(self) -> "Looks":
        plain = Diagnoser.diagnose

        def timed(diagnoser: Diagnoser, run: Run) -> Any:
            start = time.process_time()
            found = plain(diagnoser, run)
            self.seconds.append(time.process_time() - start)
            return found

        self._patch = mock.patch.object(Diagnoser, "diagnose", timed)
        self._patch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.stop()


def played(recipe: str, data: str, rounds: int, root: str | None, **wish: Any) -> tuple[float, list[float]]:
    """Processor seconds of playing, and of each look that fell in it."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder, Looks() as looks:
        fixed = {"data": data, "rounds": rounds, "threads": 1, "runs": folder, "name": "run", "data_root": root}
        run = train(recipe, clock, **fixed, **wish)
        assert run.folder is not None
        count = (run.folder / "events.jsonl").read_text().count('"kind": "diagnosis"')
    return clock.seconds, looks.seconds[len(looks.seconds) - count :]


def main() -> None:
    """Print a row for each recipe."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recipes", nargs="*", default=list(_CASES), help=f"of {', '.join(_CASES)}; all if left out")
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--share", type=float, default=1.0, help="of the usual rounds")
    parser.add_argument("--data-root", help="the folder that holds mnist/")
    given = parser.parse_args()
    torch.set_num_threads(1)
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"torch {torch.__version__}, {os.cpu_count()} cores{load}; bar: {_BAR:.0%} more.\n")
    print("| recipe | data | rounds | looks | a look, ms | inside looks | watched over not, each pair | median |")
    print("|---|---|--:|--:|--:|--:|---|--:|")
    for recipe in given.recipes:
        data, rounds = _CASES[recipe][0], max(1, int(_CASES[recipe][1] * given.share))
        ratios, shares, looks = list[float](), list[float](), list[float]()
        for _ in range(given.pairs):
            alone, _ = played(recipe, data, rounds, given.data_root, watch=0)
            watched, looks = played(recipe, data, rounds, given.data_root)
            ratios.append(watched / alone)
            shares.append(sum(looks) / watched)
        each = ", ".join(f"{ratio:.3f}" for ratio in ratios)
        row = f"| {recipe} | {data} | {rounds:,} | {len(looks)} | {1e3 * statistics.mean(looks):.0f} | "
        print(row + f"{statistics.median(shares):.1%} | {each} | {statistics.median(ratios):.3f} |", flush=True)


if __name__ == "__main__":
    main()
