"""How often the doctor is right: runs with planted defects and healthy ones, as a table in docs/guides/doctor.md.

`python benchmarks/doctor.py --runs FOLDER` trains the runs that are not in FOLDER yet, one after another, then counts.
Thresholds were chosen on the runs of seed 0; the table is of other seeds, which had not been inspected.
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

NEW_SEEDS = (10, 11, 12, 13)
DIAGNOSTICS, SAVES = 12, 8  # in a run

ARRAYS: Mapping[str, Callable[[], np.ndarray]] = {
    "far.npz": lambda: load_data("ring").x.numpy() * 100,
    "few.npz": lambda: load_data("digits").x[:160, 0].numpy(),
    "dark.npz": lambda: load_data("digits").x[:, 0].numpy() // 16,
}


class Silent:
    """A display that shows nothing."""

    def say(self, text: str) -> None:
        """Print nothing."""

    def show(self, event: dict[str, Any]) -> None:
        """Show nothing."""


def train(name: str, case: Case, seed: int, runs: Path) -> bool:
    """Train one run unless it is finished; returns whether it was trained now."""
    folder = runs / f"{name}-{seed}"
    if (folder / "recipe.json").is_file() and read_history(folder).stop_reason not in (None, "interrupted"):
        return False
    shutil.rmtree(folder, ignore_errors=True)
    every = {"watch": max(1, case.rounds // DIAGNOSTICS), "save_every": max(1, case.rounds // SAVES)}
    options = every | {"threads": 1, "matmul": "default", "device": "cpu", "seed": seed, "rounds": case.rounds}
    with suppress(Failure):  # a run that breaks down is a finding
        eq.train(
            case.recipe, Silent(), name=folder.name, data=_data(case.data, runs), runs=runs, **options, **case.settings
        )
    return True


def _data(name: Any, runs: Path) -> Any:
    """The data of a case; arrays of its own are written first."""
    if not isinstance(name, str) or name not in ARRAYS:
        return name
    path = runs / name
    if not path.exists():
        np.savez(path, x=ARRAYS[name]())
    return path


def main() -> None:
    """Train what is missing, then count and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(NEW_SEEDS))
    parser.add_argument("--only", nargs="+", default=list(CASES), help="names of cases")
    parser.add_argument("--count", action="store_true", help="train nothing; write docs/guides/doctor.md")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    for seed in [] if arguments.count else arguments.seeds:
        for name in arguments.only:
            began, cpu = time.time(), time.process_time()
            if train(name, CASES[name], seed, arguments.runs):
                wall, core = time.time() - began, time.process_time() - cpu
                print(f"{name} {seed}: {wall:.0f} s, {core:.0f} s of a core", flush=True)
    results = (
        part(arguments.runs, arguments.seeds)
        for part in (doctor_table.final_findings, doctor_table.findings_in_training)
    )
    print(text := doctor_table.table(*results))
    if arguments.count:
        doctor_table.write(text)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
