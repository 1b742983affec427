"""The engine against the plain loop: the same networks and batch, in turns, each in a process of its own."""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

_HERE = Path(__file__).parent
_BARS = {"wgan-gp": 3.0, "wgan-div": 2.5, "gan-ns": 2.5, "wgan": 2.0, "dcgan": 2.2}
_STEPS = {"dcgan": 50}  # batches of the plain loop
_HALVES = {
    "plain": ("plain.py",),
    "detached": ("plain.py", "--detached"),  # the critic's loss kept out of the generator
    "default": ("engine_half.py", "--matmul", "default"),
    "switch": ("engine_half.py", "--matmul", "auto"),
}


def measured(script: str, game: str, arguments: Sequence[str]) -> float:
    """Images/s, as a process of its own prints them last."""
    command = [sys.executable, str(_HERE / script), game, *arguments]
    environment = {k: v for k, v in os.environ.items() if k not in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stderr}")
    return float(done.stdout.split()[-1])


def compare(game: str, threads: int, turns: int, rounds: int, data: Sequence[str]) -> dict[str, float]:
    """The median images/s of each half over some turns."""
    found: dict[str, list[float]] = {half: [] for half in _HALVES}
    for _ in range(turns):
        for half, (script, *options) in _HALVES.items():
            length = ["--steps", str(_STEPS.get(game, 400))] if script == "plain.py" else ["--rounds", str(rounds)]
            found[half].append(measured(script, game, [*options, *length, "--threads", str(threads), *data]))
    return {half: statistics.median(values) for half, values in found.items()}


def outside(turns: int, rounds: int, data: Sequence[str]) -> float:
    """The part of a wgan-gp round that is neither forward, backward, optimizer nor average."""
    arguments = ["--rounds", str(rounds), *data]
    whole, bare = [], []
    for _ in range(turns):
        whole.append(measured("engine_half.py", "wgan-gp", arguments))
        bare.append(measured("engine_half.py", "wgan-gp", [*arguments, "--bare"]))
    return 1 - statistics.median(whole) / statistics.median(bare)


def main() -> None:
    """Print images/s of both halves and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("games", nargs="*", default=list(_BARS), help=f"of {', '.join(_BARS)}; all when none is named")
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--turns", type=int, default=3, help="how often each half plays; medians are printed")
    parser.add_argument("--rounds", type=int, default=500, help="of the engine: one milestone falls in them")
    parser.add_argument("--data-root", type=Path, help="the folder that holds mnist/")
    given = parser.parse_args()
    if unknown := set(given.games) - set(_BARS):
        parser.error(f"no such game: {', '.join(sorted(unknown))}")
    data = ["--data-root", str(given.data_root)] if given.data_root else []
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    print(f"{platform.processor() or platform.machine()}, torch {torch.__version__}, {os.cpu_count()} cores{load}")
    print("Real images shown to the critic a second; ratios to the plain loop, and to one that detaches the fakes.\n")
    print("| game | threads | plain | detached | engine | with switch | ratio | with switch | to detached | bar |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for game in given.games:
        for threads in given.threads:
            speed = compare(game, threads, given.turns, given.rounds, data)
            plain, detached, engine, switched = (speed[half] for half in _HALVES)
            rates = f"{plain:,.0f} | {detached:,.0f} | {engine:,.0f} | {switched:,.0f}"
            ratios = f"{engine / plain:.2f} | **{switched / plain:.2f}** | {switched / detached:.2f} | {_BARS[game]}"
            print(f"| {game} | {threads} | {rates} | {ratios} |", flush=True)
    if "wgan-gp" in given.games:
        share = outside(given.turns, given.rounds, data)
        print(f"\nOutside forward, backward, optimizer and average: {share:.1%} of a wgan-gp round (bar 5 %).")


if __name__ == "__main__":
    main()
