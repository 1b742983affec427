"""Classes from few labels, with and without unlabelled images: `python benchmarks/sgan.py --data-root DATA`.

After Salimans et al. (2016, table 1), on MNIST as a list of 784 numbers: the recipe `sgan`, and the same critic on the
same labelled images alone, in as many moves, with the same noise and the same moving average. The error is that of the
averaged critic on all 10,000 held-out images, told as the run goes on and in the last line. No run is chosen by it.
"""

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import torch

from equilibria.data import Data, load_data
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.runs.trainer import averaged_model
from equilibria.training.loop import run_rounds
from equilibria.training.run import Run

CHANGES = {
    "data": "mnist",
    "critic": "dense",
    "critic.norm": "weight",
    "critic.widths": "400, 200, 200",
    "generator": "dense",
    "generator.widths": "400, 400",
    "generator.norm": "batch",
    "prior.size": 64,
    "noise": 0.5,
    "batch": 50,
    "lr": 2e-3,
}
LOOKS = 10


def main() -> None:
    """One line for each number of labels, seed, and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--labelled", nargs="*", type=int, default=[100, 1000])
    parser.add_argument("--seeds", nargs="*", type=int, default=[0, 1])
    parser.add_argument("--kinds", nargs="*", choices=("unlabelled", "alone"), default=["unlabelled", "alone"])
    parser.add_argument("--rounds", type=int, default=10_000)
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    data = load_data({"name": "mnist"}, asked.data_root)
    for count in asked.labelled:
        for seed in asked.seeds:
            for kind in asked.kinds:
                judge(data, count, seed, asked.rounds, alone=kind == "alone")


def judge(data: Data, count: int, seed: int, rounds: int, alone: bool) -> None:
    """Play one game, and say on the way what the critic mistakes."""
    changes = CHANGES | {"labelled": count, "seed": seed, "rounds": rounds, "unlabelled": not alone}
    recipe, start = with_changes(RECIPES["sgan"](), changes), time.process_time()
    run = build(recipe, data)
    if alone:  # whatever the generator does then, the critic does not care
        run.game = dataclasses.replace(run.game, players=run.game.players[:1])

    def look(run: Run) -> None:
        if run.step % (rounds // LOOKS) == 0:
            spent = time.process_time() - start
            wrong = mistakes(averaged_model(run, recipe, data).networks["critic"], data)
            kind = "labels alone" if alone else "and unlabelled images"
            print(f"| {count} | {seed} | {kind} | {run.step:,} | {wrong:,} | {spent:.0f} s |", flush=True)

    run_rounds(run, rounds, [look])


@torch.no_grad()
def mistakes(critic: Any, data: Data) -> int:
    """How many held-out samples the critic takes for another class."""
    assert data.held_out_y is not None
    chunks = zip(data.held_out.split(1000), data.held_out_y.split(1000), strict=True)
    return sum(int((critic.classify(data.space.encode(x)).argmax(dim=1) != y).sum()) for x, y in chunks)


if __name__ == "__main__":
    main()
