"""What a short budget brings on small sets: `python benchmarks/plan.py faces "gan-ns" "r3gan --augmentation ada"`.

The first argument is a set: `faces` (400 photos of Olivetti), `horses-300` (so many photos of a class of CIFAR-10),
`drawings-500` (outlines of circles, triangles and squares, made here), each with `@32` or `@64` for its side in pixels;
`fashion` and `digits` as they are; `ring` and `grid` (points). The others are settings, as typed after `equilibria
train`. A setting is trained on one thread, and at each of `--marks` the CPU seconds of the training alone count; with
a schedule each mark is a run of its own.

Images are reduced to 32 pixels, as color, and judged on features of a classifier of CIFAR-10 that is trained once and
stored. The Frechet distance is between 2,000 samples and the whole population: all 6,000 horses, when 300 were trained
on, so that copies of few photos do not score well; `few` is the share of samples whose nearest training image is
one of the 10 % most frequent, of 10 % where the samples spread evenly. Points: the share of modes reached, and of
samples within three standard deviations of one. Values are comparable within a set only; the row of the training images
themselves is the floor.
"""

import argparse
import csv
import itertools
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
import torch
from quality import checkpoints, read
from torch import Tensor
from torch.nn.functional import interpolate

from equilibria.data import Data, load_data
from equilibria.data.dataset import Labels, held_out_mask
from equilibria.data.spaces import Image
from equilibria.evaluation.features.classifier import classifier
from equilibria.evaluation.metrics.wasserstein import frechet_distance

COUNT, SIDE, HORSE = 2_000, 32, 7


@dataclass(frozen=True)
class Set:
    """What is trained on, and the population that it was drawn from, (N, *sample) as stored."""

    data: Data
    population: Tensor


def main() -> None:
    """Measure each setting."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set")
    parser.add_argument("settings", nargs="+", help='"RECIPE --FLAG VALUE ..."')
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--marks", type=float, nargs="+", default=[60.0, 300.0], help="CPU seconds")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--csv", type=Path, default=Path("plan.csv"))
    parser.add_argument("--pictures", type=Path, help="folder for a sample grid of each mark")
    flags = parser.parse_args()
    torch.set_num_threads(1)
    chosen = read_set(flags.set, flags.data_root)
    measure = points_measure(chosen) if chosen.data.modes else images_measure(chosen, flags.data_root)
    floor = chosen.data.space.encode(chosen.data.x[torch.randperm(len(chosen.data.x))[:COUNT]])
    add(
        flags.csv,
        {"set": flags.set, "setting": "training samples", "seed": 0, "seconds": 0, "rounds": 0},
        measure(floor),
    )
    for setting, seed in itertools.product(flags.settings, flags.seeds):
        recipe, options = read(setting, chosen.data, seed)
        marks = sorted(flags.marks)
        for some in [marks] if recipe.schedule["name"] == "constant" else [[mark] for mark in marks]:
            for seconds, rounds, samples, picture in checkpoints(recipe, options, chosen.data, some):
                head = {"set": flags.set, "setting": setting, "seed": seed, "seconds": round(seconds), "rounds": rounds}
                add(flags.csv, head, measure(samples[:COUNT]))
                if flags.pictures:
                    flags.pictures.mkdir(parents=True, exist_ok=True)
                    name = "".join(c if c.isalnum() or c in ".-" else "_" for c in f"{flags.set} {setting} {seed}")
                    (flags.pictures / f"{name}-{seconds:.0f}.png").write_bytes(picture)


def add(file: Path, head: dict[str, Any], values: tuple[float, float]) -> None:
    """Print a row, and append it to the file."""
    row = [*head.values(), f"{values[0]:.3f}", f"{values[1]:.3f}"]
    print("| " + " | ".join(map(str, row)) + " |", flush=True)
    new = not file.exists()
    with file.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[*head, "distance or modes", "few or quality"]] * new + [row])


def read_set(name: str, root: Path | None) -> Set:
    """The set of this name."""
    kind, _, side = name.partition("@")
    kind, _, count = kind.partition("-")
    if kind in ("faces", "horses", "drawings"):
        images, labels = {"faces": faces, "horses": horses, "drawings": drawings}[kind](root)
        every = resized(images, int(side or SIDE))
        some = torch.randperm(len(every), generator=torch.Generator().manual_seed(0))[: int(count or len(every))]
        out = held_out_mask(every[some])
        y = None if labels is None else labels[some]
        names = () if labels is None else tuple(map(str, range(int(labels.max()) + 1)))
        data = Data(name, Image(*every.shape[1:]), every[some][~out], every[some][out])
        if y is not None:
            data = replace(data, labels=Labels("class", names), y=y[~out], held_out_y=y[out])
        return Set(data, every)
    data = load_data(name, root)
    return Set(data, torch.cat([data.x, data.held_out]))


def faces(root: Path | None) -> tuple[Tensor, Tensor | None]:
    """400 photos, (400, 1, 64, 64) uint8; labels would be 40 people."""
    with np.load((root or Path()) / "olivetti" / "olivetti_faces.npz") as stored:
        return torch.from_numpy(stored["images"])[:, None], None


def horses(root: Path | None) -> tuple[Tensor, Tensor | None]:
    """All 6,000 horses of CIFAR-10, (6000, 3, 32, 32) uint8."""
    data = load_data("cifar10", root)
    assert data.y is not None
    assert data.held_out_y is not None
    return torch.cat([data.x[data.y == HORSE], data.held_out[data.held_out_y == HORSE]]), None


def drawings(root: Path | None) -> tuple[Tensor, Tensor | None]:
    """4,000 outlines of circles, triangles and squares in a color each, on white, (4000, 3, 64, 64) uint8."""
    rng, rows = np.random.default_rng(0), []
    for i in range(4_000):
        canvas = PIL.Image.new("RGB", (256, 256), "white")
        draw = PIL.ImageDraw.Draw(canvas)
        center, radius, turn = rng.uniform(90, 166, 2), rng.uniform(40, 85), rng.uniform(0, 360)
        color, width = tuple(int(v) for v in rng.uniform(0, 200, 3)), int(rng.integers(8, 20))
        sides = (60, 3, 4)[i % 3]
        angles = [math.radians(turn + 360 * k / sides) for k in range(sides + 2)]
        corners = [(center[0] + radius * math.cos(a), center[1] + radius * math.sin(a)) for a in angles]
        draw.line(corners, fill=color, width=width, joint="curve")
        rows.append(np.asarray(canvas.resize((64, 64), PIL.Image.Resampling.BOX)))
    return torch.from_numpy(np.stack(rows)).permute(0, 3, 1, 2).contiguous(), None


def resized(images: Tensor, side: int) -> Tensor:
    """Images (N, C, H, W) uint8 at this side: the mean of pixels, or bicubic between them."""
    if images.shape[-1] == side:
        return images
    mode = "area" if side < images.shape[-1] else "bicubic"
    return interpolate(images.float(), (side, side), mode=mode).round().clamp(0, 255).to(torch.uint8)


def images_measure(chosen: Set, root: Path | None) -> Any:
    """A function from samples to the Frechet distance from the population, and the share near few training images."""
    features, data = classifier(load_data("cifar10", root), root, print), chosen.data
    population, own = (encoded(features.network, data.space.encode(x)) for x in (chosen.population, data.x))

    def measure(samples: Tensor) -> tuple[float, float]:
        made = encoded(features.network, samples)
        nearest = torch.cat([torch.cdist(part, own).argmin(1) for part in made.split(500)])
        most = torch.bincount(nearest, minlength=len(own)).sort(descending=True).values[: max(len(own) // 10, 1)]
        return frechet_distance(population, made), float(most.sum() / len(made))

    return measure


def encoded(network: Any, x: Tensor) -> Tensor:
    """The features of images (N, C, H, W) as networks see them, reduced to 32 pixels and in color."""
    x = x.expand(-1, 3, -1, -1)
    x = x if x.shape[-1] == SIDE else interpolate(x, (SIDE, SIDE), mode="area" if x.shape[-1] > SIDE else "bilinear")
    return torch.cat([network(part.contiguous()) for part in x.split(500)])


def points_measure(chosen: Set) -> Any:
    """A function from samples to the share of modes reached, and of samples within three std of one."""
    modes = chosen.data.modes
    assert modes is not None

    def measure(samples: Tensor) -> tuple[float, float]:
        distance, nearest = torch.cdist(samples, modes.centers).min(dim=1)
        good = distance <= 3 * modes.std
        return len(nearest[good].unique()) / len(modes.centers), float(good.float().mean())

    return measure


if __name__ == "__main__":
    main()
