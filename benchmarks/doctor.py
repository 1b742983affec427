"""How often the doctor is right: sick runs of each kind and healthy ones, as a table in docs/guides/doctor.md.

`python benchmarks/doctor.py --runs FOLDER` plays what FOLDER does not hold yet, one run after another, then counts.
Thresholds were chosen on the runs of seed 0; the table is of other seeds, whose runs nobody had looked at.
"""

import argparse
import os
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import doctor_table
import numpy as np
from doctor_cases import CASES, Case

import equilibria as eq
from equilibria.core.errors import Failure
from equilibria.data import load_data
from equilibria.records.history import read_history

UNSEEN = (10, 11, 12, 13)
LOOKS, SAVES = 12, 8  # in a run


ARRAYS: Mapping[str, Callable[[], np.ndarray]] = {
    "far.npz": lambda: load_data("ring").x.numpy() * 100,
    "few.npz": lambda: load_data("digits").x[:160, 0].numpy(),
    "dark.npz": lambda: load_data("digits").x[:, 0].numpy() // 16,
}


class Silent:
    """Nobody watches."""

    def say(self, text: str) -> None:
        """Not heard."""

    def show(self, event: dict[str, Any]) -> None:
        """Not seen."""


def play(name: str, case: Case, seed: int, runs: Path) -> bool:
    """Play one run unless it has been played; whether it was played now."""
    folder = runs / f"{name}-{seed}"
    if (folder / "recipe.json").is_file() and read_history(folder).stop_reason not in (None, "interrupted"):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    wish: dict[str, Any] = {
        "watch": max(1, case.rounds // LOOKS),
        "save_every": max(1, case.rounds // SAVES),
        "threads": 1,
    }
    wish |= {"matmul": "default", "device": "cpu", "runs": runs, "seed": seed, "rounds": case.rounds}
    with suppress(Failure):  # a run that breaks down is a finding
        eq.train(case.recipe, Silent(), name=folder.name, data=_data(case.data, runs), **wish, **case.settings)
    return True


def _data(name: Any, runs: Path) -> Any:
    """The data of a case; arrays whose values are not what networks expect are written first."""
    if not isinstance(name, str) or name not in ARRAYS:
        return name
    path = runs / name
    if not path.exists():
        np.savez(path, x=ARRAYS[name]())
    return path


def main() -> None:
    """Play what is missing, then count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="where runs are, or will be")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(UNSEEN))
    parser.add_argument("--only", nargs="+", default=list(CASES), help="cases, by name")
    parser.add_argument(
        "--count", action="store_true", help="play nothing, and write docs/guides/doctor.md from what is there"
    )
    asked = parser.parse_args()
    asked.runs.mkdir(parents=True, exist_ok=True)
    for seed in [] if asked.count else asked.seeds:
        for name in asked.only:
            began, cpu = time.time(), time.process_time()
            if play(name, CASES[name], seed, asked.runs):
                wall, core = time.time() - began, time.process_time() - cpu
                print(f"{name} {seed}: {wall:.0f} s, {core:.0f} s of a core", flush=True)
    found = doctor_table.finished(asked.runs, asked.seeds)
    said = doctor_table.spoken(asked.runs, asked.seeds)
    print(doctor_table.table(found, said))
    if asked.count:
        doctor_table.write(found, said)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
