"""What every metric says of real samples in place of generated ones: `python benchmarks/floors.py`, minutes on a core.

The floor below which no model's figure means anything: training samples, which the rest of the training samples do not
hold, against held-out ones. Features are those of `evaluate`: samples as they are for points, else a classifier.
"""

import argparse
import time

import torch
from torch import Tensor

import equilibria as eq
from equilibria.core.seeding import generator
from equilibria.data import Data, load_data
from equilibria.evaluation.features import choose
from equilibria.evaluation.features.base import Features
from equilibria.evaluation.metrics import METRICS, default_metrics
from equilibria.evaluation.metrics.base import Measurement, SampleSets
from equilibria.runs.selection import reporting
from equilibria.training.hardware import apply_hardware
from equilibria.training.hardware import choose_hardware as engine

_LEARNED = 4  # training samples for each one that stands as generated


def main() -> None:
    """A row for every figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", default=["ring", "grid", "mnist"], choices=eq.DATASETS)
    parser.add_argument("--count", type=int, default=5000)
    asked = parser.parse_args()
    with apply_hardware(engine(threads=1)):
        for name in asked.data:
            data = load_data(name)
            features = choose("auto", data, say=print)
            print(f"\n{name}, {asked.count:,} samples, seen by: {features.name}. {features.about}", flush=True)
            for metric in (*default_metrics(data), *({"parzen"} if len(data.space.shape) == 3 else ())):
                report(metric, data, features, asked.count)


def report(name: str, data: Data, features: Features, count: int) -> None:
    """One metric on one data set."""
    metric = METRICS[name](data, **({"classifier": features} if name == "stacked_modes" else {}))
    order = torch.randperm(len(data.x), generator=generator(0, count))[: (1 + _LEARNED) * count]
    parts = data.held_out[reporting(data)[:count]], data.x[order[:count]], data.x[order[count:]]
    start = time.monotonic()
    found = metric.measure(SampleSets(*(seen(data, features, metric.input, part) for part in parts)))
    for figure, value in found.items():
        print(f"  {figure}: {told(value)}, {metric.better.get(figure, 'lower')}", flush=True)
    print(f"    {time.monotonic() - start:.0f} s", flush=True)


def seen(data: Data, features: Features, sees: str, raw: Tensor) -> Tensor:
    """Rows as the metric wants them."""
    parts = (data.space.encode(part) for part in raw.split(1024))
    return torch.cat([part if sees == "samples" else features.network(part) for part in parts])


def told(figure: Measurement) -> str:
    """A number with its standard error."""
    return f"{figure.value:.4g}" + ("" if figure.error is None else f" +- {figure.error:.2g}")


if __name__ == "__main__":
    main()
