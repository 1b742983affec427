"""Mode coverage on the ring and the grid: `python benchmarks/modes.py`, about ten minutes on one core.

Prints, for each game and data set, the modes captured, the share of samples within three deviations of a mode, and the
reverse KL divergence of the modes' shares from equal ones; the metric is checked on true samples first. Writes pictures
of generated (blue) over real points (orange) to the folder given.
"""

import argparse
from pathlib import Path

import PIL.Image
import torch
from torch import Tensor

import equilibria as eq
from equilibria.data.datasets.points import MODES
from equilibria.evaluation.metrics.modes import modes
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import changed
from equilibria.training.engine import applied, choose
from equilibria.training.loop import run_rounds

COUNT = 2_500
ROUNDS = 10_000
GAMES: dict[str, dict[str, float]] = {
    "gan": {},
    "wgan-gp": {"penalty.weight": 0.1},
    "r3gan": {},
}  # lambda as in the paper's own toy experiments


def main() -> None:
    """Check the metric, play every game on both data sets, print a table, draw pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--games", nargs="*", default=list(GAMES))
    parser.add_argument("--data", nargs="*", default=["ring", "grid"])
    parser.add_argument("--pictures", type=Path, default=Path("docs/pictures"))
    asked = parser.parse_args()
    print(f"{'data':6} {'game':10} {'seed':>4} {'modes':>7} {'high quality':>12} {'reverse KL':>10}", flush=True)
    for name in asked.data:
        row(name, "truth", 0, eq.DATASETS[name]().held_out[:COUNT])
        sheets = [played(name, game, asked) for game in asked.games]
        picture(sheets, asked.pictures / f"modes-{name}.png")


def played(name: str, game: str, asked: argparse.Namespace) -> PIL.Image.Image:
    """Play a game with every seed; the sheet of the first one."""
    sheets = []
    for seed in range(asked.seeds):
        changes = {"data": name, "seed": seed, "rounds": asked.rounds, **GAMES[game]}
        recipe = changed(RECIPES[game](), changes)
        data = eq.DATASETS[name]()
        with applied(choose(threads=1)), torch.no_grad():
            run = build(recipe, data)
            with torch.enable_grad():
                run_rounds(run, asked.rounds)
            z = run.game.prior.draw(COUNT, torch.Generator().manual_seed(seed))
            samples = run.average.networks["generator"](z)
        row(name, game, seed, samples)
        sheets.append(data.space.sheet(samples, real=data.held_out[:COUNT]))
    return sheets[0]


def row(name: str, game: str, seed: int, samples: Tensor) -> None:
    """One line of the table."""
    centres, deviation = MODES[name]()
    got = modes(samples, centres, deviation)
    reached = f"{got['modes']:.0f}/{len(centres)}"
    print(f"{name:6} {game:10} {seed:4} {reached:>7} {got['high_quality']:12.1%} {got['reverse_kl']:10.3f}", flush=True)


def picture(sheets: list[PIL.Image.Image], path: Path) -> None:
    """Sheets side by side."""
    width, height = sheets[0].size
    together = PIL.Image.new("RGB", (width * len(sheets), height), "white")
    for i, sheet in enumerate(sheets):
        together.paste(sheet, (i * width, 0))
    path.parent.mkdir(parents=True, exist_ok=True)
    together.save(path, optimize=True)


if __name__ == "__main__":
    main()
