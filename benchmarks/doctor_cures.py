"""Whether the doctor's advice cures: each planted run again, with the first advice alone, must not show its finding.

`python benchmarks/doctor_cures.py --runs FOLDER` trains what is not in FOLDER yet, as `benchmarks/doctor.py` does.
"""

import argparse
import dataclasses
import os
import re
from pathlib import Path
from typing import Any

import numpy as np
from doctor import ARRAYS, train
from doctor_cases import PLANTED, Case

from equilibria.evaluation.doctor import Finding, findings
from equilibria.records.history import read_history


def first_advice(change: str) -> dict[str, str]:
    """The first options of an advice, those that stand side by side, with their values."""
    options = re.search(r"`--[^`]+`(?: `--[^`]+`)*", change)
    pairs = re.findall(r"`--(\S+) ([^`]+)`", options[0] if options else "")
    return {name.replace("-", "_"): value for name, value in pairs}


def advised(case: Case, options: dict[str, str], runs: Path) -> Case:
    """The case with the options of an advice; data to be scaled are scaled."""
    changes: dict[str, Any] = dict(options)
    data, rounds = changes.pop("data", case.data), int(changes.pop("rounds", case.rounds))
    if data == "SCALED.npz":
        x = ARRAYS[case.data]().astype(np.float32)
        data = runs / f"scaled-{case.data}"
        np.savez(data, x=(x - x.mean()) / x.std() if x.ndim == 2 else (x - x.min()) / np.ptp(x))
    settings = {name: value for name, value in case.settings.items() if not _replaced(name, changes)}
    return dataclasses.replace(case, data=data, rounds=rounds, settings=settings | changes)


def _replaced(name: str, changes: dict[str, Any]) -> bool:
    """Whether a setting belongs to what the changes set anew, such as both rates to `lr`."""
    last = name.rpartition(".")[2]
    return name in changes or (last == "lr" and "lr" in changes) or name.partition(".")[0] in changes


def cure(name: str, seed: int, runs: Path) -> tuple[Finding | None, dict[str, str], bool]:
    """The planted finding of a run, its first advice, and whether the run with it still shows the finding."""
    case = PLANTED[name]
    train(name, case, seed, runs)
    finding = _finding(runs / f"{name}-{seed}", case.finding)
    if finding is None:
        return None, {}, False
    options = first_advice(finding.change)
    train(f"{name}-cured", advised(case, options, runs), seed, runs)
    return finding, options, _finding(runs / f"{name}-cured-{seed}", case.finding) is not None


def _finding(folder: Path, name: str) -> Finding | None:
    return next((finding for finding in findings(read_history(folder)) if finding.name == name), None)


def main() -> None:
    """Train what is missing, and print a line for each case."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--seeds", type=int, nargs="+", default=[10])
    parser.add_argument("--only", nargs="+", default=list(PLANTED), help="names of cases")
    arguments = parser.parse_args()
    arguments.runs.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        for seed in arguments.seeds:
            finding, options, remains = cure(name, seed, arguments.runs)
            verdict = "not found" if finding is None else "remains" if remains else "cured"
            print(f"{name} {seed}: {verdict} by {options}", flush=True)


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
