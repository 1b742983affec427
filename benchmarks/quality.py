"""How good samples are after so many CPU seconds of training: `python benchmarks/quality.py r3gan "gan-ns --lr 4e-4"`.

Each argument is a setting, as typed after `equilibria train`, or the folder of a run. A setting is trained on one
thread; at each of `--marks` the CPU time of the training alone (no sampling, no measuring, no start) is what counts.
A constant learning rate gives all marks in one run; with a schedule each mark is a run of its own, and the schedule
follows its CPU time.

The Frechet distance is between 10,000 held-out images and 10,000 samples of the averaged generator, on features of the
small classifier of `equilibria.evaluation`, trained once on the data and stored in the cache folder. It is comparable
for one data set and this classifier only, and is not FID. Training images instead of samples give the floor. The
classifier also gives the share of the smallest and the largest class; coverage is that of 2,000 held-out images. A row
is printed for each mark, and appended to `--csv`.
"""

import argparse
import csv
import itertools
import shlex
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, get_type_hints

import torch
from torch import Tensor

import equilibria as eq
from equilibria.core.specs import parse
from equilibria.data import Data, load_data
from equilibria.evaluation.features.base import Features
from equilibria.evaluation.features.classifier import classifier
from equilibria.evaluation.metrics.base import SampleSets
from equilibria.evaluation.metrics.precision_recall import density_coverage
from equilibria.evaluation.metrics.wasserstein import frechet_distance
from equilibria.recipes import RECIPES
from equilibria.recipes.build import assemble, resolve
from equilibria.recipes.options import Options
from equilibria.recipes.recipe import Recipe
from equilibria.records.events import ENDLESS
from equilibria.runs.session import load_recipe, split_options
from equilibria.runs.trainer import averaged_model, sample_grid
from equilibria.training.hardware import apply_hardware, choose_hardware
from equilibria.training.loop import run_rounds
from equilibria.training.optimizers import Schedule
from equilibria.training.run import Run

COUNT, COVERED = 10_000, 2_000
STEPS = 10_000  # of a schedule


@dataclass(frozen=True)
class Row:
    """What is measured at a mark."""

    data: str
    setting: str
    seed: int
    seconds: float  # CPU, of the training
    rounds: int
    frechet: float
    smallest: float  # class, share of samples
    largest: float
    coverage: float

    def __str__(self) -> str:
        measured = f"{self.frechet:.2f} | {self.smallest:.1%} to {self.largest:.1%} | {self.coverage:.2f}"
        return f"| {self.data} | {self.setting} | {self.seed} | {self.seconds:.0f} | {self.rounds:,} | {measured} |"


def main() -> None:
    """Judge each setting and each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("settings", nargs="+", help='"RECIPE --FLAG VALUE ...", or the folder of a run')
    parser.add_argument("--data", nargs="+", default=["mnist"])
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--marks", type=float, nargs="+", default=[60.0, 120.0, 300.0], help="CPU seconds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--csv", type=Path, default=Path("quality.csv"))
    parser.add_argument("--without-floor", action="store_true", help="no row of training images")
    parser.add_argument("--pictures", type=Path, help="folder for a sample grid of each mark")
    flags = parser.parse_args()
    folders = [Path(one) for one in flags.settings if Path(one).is_dir()]
    settings = [one for one in flags.settings if not Path(one).is_dir()]
    for folder, data, features in classified(folders, flags.data_root):
        add(flags.csv, measure(eq.load(folder).sample(COUNT, seed=1), data, features, str(folder)))
    for name in flags.data if settings else ():
        data, features = with_classifier(name, flags.data_root)
        if not flags.without_floor:
            add(flags.csv, measure(data.space.encode(data.x[:COUNT]), data, features, "training images"))
        for setting, seed in itertools.product(settings, flags.seeds):
            for row in trained(setting, seed, data, features, sorted(flags.marks), flags.pictures):
                add(flags.csv, row)


def add(file: Path, row: Row) -> None:
    """Print a row, and append it to the file."""
    print(row, flush=True)
    new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(asdict(row)))
        if new:
            writer.writeheader()
        writer.writerow(asdict(row))


def trained(
    setting: str, seed: int, data: Data, features: Features, marks: list[float], pictures: Path | None
) -> Iterator[Row]:
    """The rows of a setting: one run for all marks, or a run for each if its rates follow a schedule."""
    recipe, options = read(setting, data, seed)
    for some in [marks] if recipe.schedule["name"] == "constant" else [[mark] for mark in marks]:
        for seconds, rounds, samples, picture in checkpoints(recipe, options, data, some):
            row = replace(measure(samples, data, features, setting), seed=seed, seconds=seconds, rounds=rounds)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                name = "".join(c if c.isalnum() or c in ".-" else "_" for c in setting)
                (pictures / f"{data.name}-{name}-{seed}-{seconds:.0f}.png").write_bytes(picture)
            yield row


def read(setting: str, data: Data, seed: int) -> tuple[Recipe, Options]:
    """The recipe and the options of what is typed after `equilibria train`."""
    name, *flags = shlex.split(setting)
    keywords: dict[str, Any] = {}
    for flag in flags:
        if flag.startswith("--"):
            keywords[last := flag.removeprefix("--").replace("-", "_")] = True
        else:
            keywords[last] = flag
    kinds = get_type_hints(Options)
    texts = {key: parse(value, kinds[key], key) if key in kinds else value for key, value in keywords.items()}
    options, changes = split_options(texts, Options)
    recipe = replace(load_recipe(RECIPES[name](), options, changes), data={"name": data.name}, seed=seed)
    return resolve(recipe, data), options


def checkpoints(
    recipe: Recipe, options: Options, data: Data, marks: list[float]
) -> Iterator[tuple[float, int, Tensor, bytes]]:
    """CPU seconds and rounds so far, samples, and a sample grid, at each mark of one run on one thread."""
    hardware = choose_hardware("cpu", 1, options.matmul, options.precision)
    with apply_hardware(hardware):
        run, spent = assemble(replace(recipe, rounds=STEPS), data, "cpu", hardware.precision, False), 0.0
        by_step = dict(run.schedules)
        for mark in marks:
            start, run.stop = time.process_time() - spent, None
            for player, schedule in by_step.items():
                run.schedules[player] = partial(by_clock, schedule, start, mark)
            run_rounds(run, ENDLESS, [partial(stop, end=start + mark)])
            spent = time.process_time() - start
            with run.restored():
                model = averaged_model(run, recipe, data)
                yield spent, run.step, model.sample(COUNT, seed=1), sample_grid(model, data, 0)


def by_clock(schedule: Schedule, start: float, seconds: float, step: int) -> float:
    """The share of the learning rate after the CPU time since `start`, of a schedule over so many seconds."""
    return schedule(int(STEPS * (time.process_time() - start) / seconds))


def stop(run: Run, end: float) -> None:
    """Stop a run at this CPU time of the process."""
    run.stop = "budget" if time.process_time() >= end else None


@torch.no_grad()
def measure(samples: Tensor, data: Data, features: Features, name: str) -> Row:
    """The row of samples (N, *sample) as networks see them; seconds and rounds are 0."""
    assert features.classify is not None
    assert data.labels is not None
    real, fake = encoded(features.network, data.space.encode(data.held_out[:COUNT])), encoded(features.network, samples)
    shares = torch.bincount(encoded(features.classify, samples).argmax(1), minlength=data.labels.size) / len(fake)
    sets = SampleSets(real[:COVERED], fake[:COVERED], real[COVERED:])
    coverage = density_coverage(data).measure(sets)["coverage"].value
    least, most = float(shares.min()), float(shares.max())
    return Row(data.name, name, 0, 0.0, 0, frechet_distance(real, fake), least, most, coverage)


def encoded(network: Callable[[Tensor], Tensor], samples: Tensor) -> Tensor:
    """The outputs of the network for samples (N, *sample): (N, F)."""
    return torch.cat([network(part) for part in samples.split(500)])


def classified(
    folders: Iterable[Path], root: Path | None, real: str | None = None
) -> Iterator[tuple[Path, Data, Features]]:
    """Each run with the data `real`, or its own, and the classifier of them, on one thread."""
    for folder in folders:
        name = real or str(Recipe.load(folder / "recipe.json").data["name"])
        yield folder, *with_classifier(name, root)


def with_classifier(name: str, root: Path | None) -> tuple[Data, Features]:
    """The data, and the classifier of its classes, on one thread."""
    torch.set_num_threads(1)
    data = load_data(name, root)
    return data, classifier(data, root, print)


if __name__ == "__main__":
    main()
