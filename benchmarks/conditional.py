"""Whether a conditional run draws what it is asked for: `python benchmarks/conditional.py runs/NAME --data-root DATA`.

For each class: the share of samples that a classifier, trained on the real data, takes for the class asked for,
and the mean distance between two samples of the class over that between two held-out images of it: a model that
repeats itself within a class is right and poor. As Markdown, with the floor of held-out images below.
"""

import argparse
from pathlib import Path

import torch
from quality import classified, encoded
from torch import Tensor

import equilibria as eq
from equilibria.data import Data
from equilibria.evaluation.features.base import Features
from equilibria.evaluation.metrics.wasserstein import frechet_distance

COUNT = 500  # samples of each class


def main() -> None:
    """Judge each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--real", help="the data set to compare with, if it is not the run's own")
    asked = parser.parse_args()
    for folder, data, features in classified(asked.runs, asked.data_root, asked.real):
        judge(folder, data, features)


def judge(folder: Path, data: Data, features: Features) -> None:
    """The table of one run."""
    assert data.labels is not None
    assert data.held_out_y is not None
    model, rows, every = eq.load(folder), [], []
    for place, name in enumerate(data.labels.names):
        real = data.space.encode(data.held_out[data.held_out_y == place][:COUNT])
        fake = model.sample(COUNT, seed=1 + place, labels=place)
        every.append(fake)
        rows.append((right(features, fake, place), variety(fake) / variety(real), right(features, real, place)))
        print(f"| {name} | {rows[-1][0]:.1%} | {rows[-1][1]:.2f} | {rows[-1][2]:.1%} |", flush=True)
    means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
    least = [min(column) for column in zip(*rows, strict=True)]
    print(f"| all of {folder.name} | {means[0]:.1%} | {means[1]:.2f} | {means[2]:.1%} |")
    print(f"| the least | {least[0]:.1%} | {least[1]:.2f} | {least[2]:.1%} |")
    real, fake = (encoded(features.network, x) for x in (data.space.encode(data.held_out), torch.cat(every)))
    print(f"Frechet distance of all samples together: {frechet_distance(real, fake):.2f}", flush=True)


@torch.no_grad()
def right(features: Features, x: Tensor, place: int) -> float:
    """The share of samples (N, *sample) that the classifier takes for this class."""
    assert features.classify is not None
    return float((encoded(features.classify, x).argmax(dim=1) == place).float().mean())


def variety(x: Tensor) -> float:
    """The mean distance between two different samples of (N, *sample)."""
    return float(torch.pdist(x.flatten(1)).mean())


if __name__ == "__main__":
    main()
