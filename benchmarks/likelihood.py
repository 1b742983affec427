"""How likely held-out data are to runs with an encoder: `python benchmarks/likelihood.py runs/NAME --data-root DATA`.

For each run: -log p(x) in nats by importance samples of its encoder (Burda et al. 2016), the bounds of few samples,
each with its standard error, and the curve of the bound on held-out data while it was trained. As Markdown.
"""

import argparse
import json
import math
from pathlib import Path

import torch

import equilibria as eq
from equilibria.data import load_data
from equilibria.evaluation.metrics.likelihood import importance_sampled
from equilibria.recipes import Recipe
from equilibria.runs.selection import held_out_batch

COUNTS = (1, 5, 50)  # importance samples, before the many


def main() -> None:
    """Judge each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--samples", type=int, default=1000, help="held-out samples")
    parser.add_argument("--k", type=int, default=5000, help="importance samples of each")
    asked = parser.parse_args()
    counts = (*COUNTS, asked.k)
    print("| run |", " | ".join(f"k = {k:,}" for k in counts), "| active units |")
    print("| --- |", " | ".join("---" for _ in counts), "| --- |", flush=True)
    for folder in asked.runs:
        print(f"| {folder.name} |", " | ".join(judge(folder, asked.data_root, asked.samples, counts)), flush=True)
    for folder in asked.runs:
        print(f"\n{folder.name}, negative ELBO on held-out data by round: {curve(folder)}")


def judge(folder: Path, root: Path | None, samples: int, counts: tuple[int, ...]) -> list[str]:
    """The bounds of one run, in nats."""
    recipe = Recipe.load(folder / "recipe.json")
    model, data = eq.load(folder), load_data(recipe.data, root)
    batch = held_out_batch(data, samples, model.conditions is not None, recipe.binarize)
    cells = []
    for k in counts:
        nats = importance_sampled(model.networks, model.prior, batch, k)
        cells.append(f"{nats.mean():.2f} +- {nats.std() / math.sqrt(len(nats)):.2f}")
    with torch.no_grad():
        means = model.networks["encoder"](batch.x, batch.y).mean
    return [*cells, f"{int((means.var(dim=0) > 0.01).sum())}"]


def curve(folder: Path) -> str:
    """What was measured, by round."""
    events = map(json.loads, (folder / "events.jsonl").read_text(encoding="utf-8").splitlines())
    measured = ((event["step"], event["metrics"]) for event in events if event["kind"] == "measure")
    return ", ".join(f"{step:,}: {metrics['negative_elbo']:.2f}" for step, metrics in measured)


if __name__ == "__main__":
    main()
