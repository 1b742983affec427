"""Mode coverage on the ring and the grid: `python benchmarks/modes.py`, half an hour on one core.

For each game and data set: the command that plays it, then the modes captured, the share of samples within three
deviations of a mode, and the reverse KL divergence of the modes' shares from equal ones: seed by seed, then medians and
ranges. The metric is checked on true samples first. A picture of the first seed, generated points (blue) over real ones
(orange), goes to the folder given.
"""

import argparse
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import equilibria as eq
from equilibria.data.datasets.toy import MODES
from equilibria.evaluation.metrics.modes import modes
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.training.hardware import apply_hardware, choose_hardware
from equilibria.training.loop import run_rounds

COUNT = 2_500
ROUNDS = 10_000
SMALL = {  # two hidden layers of 128 on either side and 256 latents, after Metz et al. 2017; the rest: our choice
    "prior.size": 256,
    "generator.depth": 2,
    "critic.depth": 2,
    "critic.activation": "relu",
    "batch": 128,
    "halflife": 0,
}
DCGAN = {"batch": 64, "lr": 2e-4}  # its rate
SLOW = SMALL | {"lr": 3e-4}
GAMES: dict[str, tuple[str, dict[str, Any]]] = {  # a recipe, and what is changed in it
    "gan": ("gan", DCGAN),
    "gan-5": ("gan", DCGAN | {"n-critic": 5, "halflife": 0}),  # as many critic moves as WGAN-GP's, no average
    "wgan-gp": ("wgan-gp", {}),
    "r3gan": ("r3gan", {}),
    "small-gan": ("gan-ns", SLOW),
    "small-pacgan": ("pacgan", SLOW),
    "small-unrolled": ("gan-ns", SLOW | {"unroll": 5, "unroll-by": "adam", "unroll-lr": 3e-4}),
    "small-wgan-gp": ("wgan-gp", SMALL),
    "small-r3gan": ("r3gan", SMALL),
}
Found = dict[str, float]


def main() -> None:
    """Check the metric, play every game with every seed on every data set, print rows, draw pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--games", nargs="*", default=[game for game in GAMES if game in RECIPES], choices=GAMES)
    parser.add_argument("--without-pictures", action="store_true")
    parser.add_argument("--data", nargs="*", default=list(MODES), choices=MODES)
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"))
    asked = parser.parse_args()
    asked.pictures.mkdir(parents=True, exist_ok=True)
    for name in asked.data:
        report(name, "true samples", [found(name, eq.DATASETS[name]().held_out[:COUNT])])
        for game in asked.games:
            print(f"\n{command(name, game, asked.rounds)}", flush=True)
            samples = [played(name, game, seed, asked.rounds) for seed in asked.seeds]
            report(name, game, [found(name, x) for x in samples])
            if asked.without_pictures:
                continue
            data = eq.DATASETS[name]()
            sheet = data.space.sample_grid(samples[0], real=data.held_out[:COUNT])
            sheet.quantize(64).save(asked.pictures / f"modes-{name}-{game}.png", optimize=True)


def command(name: str, game: str, rounds: int) -> str:
    """What plays this on the command line."""
    recipe, changes = GAMES[game]
    flags = {"data": name, **changes, "rounds": rounds}
    return " ".join(["equilibria train", recipe, *(f"--{flag} {value}" for flag, value in flags.items())])


def played(name: str, game: str, seed: int, rounds: int) -> Tensor:
    """Samples (COUNT, 2) of the averaged generator after a game."""
    recipe, changes = GAMES[game]
    asked = with_changes(RECIPES[recipe](), {"data": name, "seed": seed, "rounds": rounds, **changes})
    with apply_hardware(choose_hardware(threads=1)):
        run = run_rounds(build(asked, eq.DATASETS[name]()), rounds)
        with torch.no_grad():
            z = run.game.prior.draw(COUNT, torch.Generator().manual_seed(seed))
            samples = run.average.networks["generator"](z)
    print(f"  seed {seed}: {told([found(name, samples)])}", flush=True)
    return samples


def found(name: str, samples: Tensor) -> Found:
    """The metric on these samples."""
    return modes(samples, *eq.DATASETS[name](count=1).modes)


def report(name: str, game: str, results: Sequence[Found]) -> None:
    """A line for all seeds."""
    print(f"{name}, {game}: {told(results)}", flush=True)


def told(results: Sequence[Found]) -> str:
    """Modes, high quality, reverse KL: medians, with the range where there are several."""
    return ", ".join(
        [
            f"modes {spread([r['modes'] for r in results], '.0f')}, mean {mean([r['modes'] for r in results])}",
            f"high quality {spread([r['high_quality'] for r in results], '.1%')}",
            f"reverse KL {spread([r['reverse_kl'] for r in results], '.3f')}",
        ]
    )


def mean(values: Sequence[float]) -> str:
    """The mean, and its standard error where there are several."""
    error = f" +- {statistics.stdev(values) / len(values) ** 0.5:.2f}" if len(values) > 1 else ""
    return f"{statistics.mean(values):.1f}{error}"


def spread(values: Sequence[float], form: str) -> str:
    """The median, and the range unless it is the same."""
    middle, least, most = (format(v, form) for v in (statistics.median(values), min(values), max(values)))
    return middle if least == most else f"{middle} ({least} to {most})"


if __name__ == "__main__":
    main()
