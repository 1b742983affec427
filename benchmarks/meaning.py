"""Does the critic's estimate tell how good samples are? `python benchmarks/meaning.py --data-root DATA`.

The claim of Arjovsky et al. 2017, section 4: WGAN's estimate falls as samples get better, a GAN's Jensen-Shannon
estimate does not. Each game is played on one thread; at twenty equally spaced rounds the median of the critic's
estimates in the last 101 rounds (the width of the filter in the paper's figures) stands beside an independent distance:
the Frechet distance, in features of a classifier of the data's own labels, between held-out images and samples of the
generator as it plays. Printed is Spearman's rank correlation of the two; the points go to a .csv beside the figure,
from which finished games are read when this is started again.
"""

import argparse
import csv
import statistics
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib
import torch
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from torch import Tensor

from equilibria.data import Data, load_data
from equilibria.evaluation.features import choose as choose_features
from equilibria.evaluation.metrics.wasserstein import frechet_distance
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build
from equilibria.recipes.settings import with_changes
from equilibria.runs.trainer import averaged_model
from equilibria.training.hardware import apply_hardware, choose_hardware
from equilibria.training.loop import run_rounds
from equilibria.training.run import Run

POINTS, WINDOW, COUNT = 20, 101, 2_048
_ACROSS = 4  # panels
_LAYERS = {"": "dense", ".width": 512, ".depth": 4}
DENSE = {f"{role}{key}": value for role in ("generator", "critic") for key, value in _LAYERS.items()}
GAMES: dict[str, tuple[str, dict[str, Any], int]] = {  # a recipe, what is changed in it, rounds
    "wgan": ("wgan", {}, 3_000),
    "wgan, bursts": ("wgan", {"n-critic": {"name": "bursts"}}, 3_000),  # as the authors' released code moves the critic
    "wgan, no norm": ("wgan", {"critic.norm": "none"}, 3_000),
    "wgan, no norm, longer": ("wgan", {"critic.norm": "none", "seed": 1}, 6_000),
    "wgan, no norm, bursts": ("wgan", {"critic.norm": "none", "n-critic": {"name": "bursts"}}, 3_000),
    "wgan, dense": ("wgan", DENSE, 6_000),  # as the authors' other networks
    "wgan, dense, bursts": ("wgan", {**DENSE, "n-critic": {"name": "bursts"}}, 6_000),
    "wgan-gp": ("wgan-gp", {}, 1_500),
    "gan, 5 critic moves": ("gan-ns", {"n-critic": 5}, 1_500),
}
Point = tuple[int, float, float]  # round, estimate, distance


def main() -> None:
    """Play what is not yet on record, print the correlations, draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="mnist")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--games", nargs="*", default=list(GAMES), choices=GAMES)
    parser.add_argument("--out", type=Path, default=Path("docs/pictures/meaning.png"))
    asked = parser.parse_args()
    data = load_data(asked.data, asked.data_root)
    found: dict[str, list[Point]] = {}
    for game in asked.games:
        found[game] = recorded(asked.out.with_suffix(".csv"), game, data)
        _, estimates, distances = zip(*found[game], strict=True)
        told = ", ".join(
            f"{k} {v[0]:.4g} to {v[-1]:.4g}" for k, v in (("estimate", estimates), ("distance", distances))
        )
        print(f"{game}: Spearman {spearmanr(estimates, distances).statistic:.2f}, {told}", flush=True)
    draw(found, asked.out)


def played(game: str, data: Data) -> list[Point]:
    """The points of one game."""
    name, changes, rounds = GAMES[game]
    recipe = with_changes(RECIPES[name](), {"data": data.name, "rounds": rounds, "halflife": 0, **changes})
    features = choose_features("classifier", data)
    real = seen(features.network, data.space.encode(data.held_out[:COUNT]))
    estimates: list[float] = []
    points: list[Point] = []
    with apply_hardware(choose_hardware(threads=1)):
        run = build(recipe, data)
        for i in range(1, POINTS + 1):
            run_rounds(run, rounds * i // POINTS, [lambda run: estimates.append(estimate(run))])
            fake = seen(features.network, averaged_model(run, recipe, data).sample(COUNT, seed=1))
            points.append((run.step, statistics.median(estimates[-WINDOW:]), frechet_distance(real, fake)))
            print(f"  {game}: round {points[-1][0]:,}, {points[-1][1]:.4g}, {points[-1][2]:.4g}", flush=True)
    return points


def estimate(run: Run) -> float:
    """The critic's estimate over the moves of one round."""
    terms = run.statistics.read()
    critic = next(player for player in run.game.players if player.estimate is not None)
    assert critic.estimate is not None
    return critic.estimate(terms[critic.name]["divergence"])


@torch.no_grad()
def seen(network: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """Features (N, F) of samples (N, *sample)."""
    return torch.cat([network(part) for part in x.split(256)])


def recorded(path: Path, game: str, data: Data) -> list[Point]:
    """The points of a game from the file, or played and added to it."""
    rows = list(csv.reader(path.open())) if path.exists() else []
    if mine := [(int(step), float(a), float(b)) for name, step, a, b in rows if name == game]:
        return mine
    points = played(game, data)
    with path.open("a", newline="") as file:
        csv.writer(file).writerows([game, *point] for point in points)
    return points


def draw(found: dict[str, list[Point]], out: Path) -> None:
    """The estimate and the distance over rounds, a panel for each game."""
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = -(-len(found) // _ACROSS)
    size = (4.2 * min(len(found), _ACROSS), 3.2 * rows)
    figure, panels = plt.subplots(rows, -(-len(found) // rows), figsize=size, squeeze=False, layout="constrained")
    for panel in panels.flat[len(found) :]:
        panel.axis("off")
    for panel, (game, points) in zip(panels.flat, found.items(), strict=False):
        steps, estimates, distances = zip(*points, strict=True)
        correlation = spearmanr(estimates, distances).statistic
        panel.plot(steps, estimates, "o-", color="tab:blue", markersize=3)
        panel.set_title(f"{game}: rank correlation {correlation:.2f}", fontsize=10)
        panel.set_xlabel("round")
        panel.set_ylabel("critic's estimate", color="tab:blue")
        panel.set_ylim(bottom=0)
        other = panel.twinx()
        other.plot(steps, distances, "s--", color="tab:orange", markersize=3)
        other.set_ylabel("Frechet distance, classifier", color="tab:orange")
        other.set_ylim(bottom=0)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main()
