"""How good the samples of a run on labelled images are: `python benchmarks/quality.py runs/NAME --data-root DATA`.

Prints the smallest share of a class among 1,000 samples, by nearest neighbour, and the Frechet distance between
held-out images and samples on the features of a small classifier that is trained here first, beside that of training
images.
The distance is this classifier's own: it is comparable within this page, and is not FID.

`--plain 300` judges the plain WGAN-GP loop too, after so many seconds on MNIST, with torch's default threads.
"""

import argparse
import json
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import plain
import torch
from images import digits
from torch import Tensor, nn

import equilibria as eq
from equilibria.data import Data, load_data

COUNT, EPOCHS = 2_000, 4


def main() -> None:
    """Judge each run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="*", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--plain", type=float, metavar="SECONDS", help="judge the plain loop after so long")
    asked = parser.parse_args()
    if asked.plain:
        judge_plain(asked.plain, asked.data_root)
    for folder, data, net in classified(asked.runs, asked.data_root):
        samples = eq.load(folder).sample(COUNT, seed=1)
        shares = class_shares(data, samples[:1000])
        print(
            f"{folder.name}: Frechet distance {distance(net, data, samples):.2f}, "
            f"smallest class {shares.min():.1%}, largest {shares.max():.1%}",
            flush=True,
        )


def classified(
    folders: Iterable[Path], root: Path | None, real: str | None = None
) -> Iterator[tuple[Path, Data, nn.Sequential]]:
    """Each run with the data `real`, or its own, and a classifier of them, on one thread; runs on the same share it."""
    torch.set_num_threads(1)
    trained: dict[str, nn.Sequential] = {}
    for folder in folders:
        data = load_data(real or json.loads((folder / "recipe.json").read_text(encoding="utf-8"))["data"], root)
        if data.name not in trained:
            trained[data.name] = classifier(data)
            floor = distance(trained[data.name], data, data.space.encode(data.x[:COUNT]))
            print(f"{data.name}: Frechet distance {floor:.2f} for {COUNT:,} training images", flush=True)
        yield folder, data, trained[data.name]


def judge_plain(seconds: float, root: Path | None) -> None:
    """What the plain WGAN-GP loop comes to: 64 samples are drawn at a time, in training mode, as such scripts do."""
    start, step = time.monotonic(), 0
    with Path(os.devnull).open("w", encoding="utf-8") as log:
        script = plain.begin("wgan-gp", digits(root)[0], log)
        while time.monotonic() - start < seconds:
            plain.STEPS["wgan-gp"](script, step)
            step += 1
    with torch.no_grad():
        drawn = [script.generator(torch.randn(64, plain.LATENT)).view(-1, 1, 28, 28) for _ in range(COUNT // 64 + 1)]
    data = load_data("mnist", root)
    found = distance(classifier(data), data, torch.cat(drawn)[:COUNT])
    print(f"the plain loop: Frechet distance {found:.2f} after {step:,} batches in {seconds:.0f} s", flush=True)


def labelled(data: Data) -> tuple[int, Tensor]:
    """How many classes, and the class of each training image: (N,)."""
    if data.labels is None or data.y is None:
        raise SystemExit(f"{data.name} has no labels.")
    return data.labels.size, data.y


def classifier(data: Data) -> nn.Sequential:
    """Two strided convolutions and a hidden layer of 64, trained on the data's labels for a few epochs."""
    torch.manual_seed(0)
    classes, labels = labelled(data)
    channels, (height, width) = data.space.shape[0], (-(-side // 4) for side in data.space.shape[1:])
    trunk = nn.Sequential(
        nn.Conv2d(channels, 16, 3, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 3, 2, 1), nn.ReLU(),
        nn.Flatten(), nn.Linear(32 * height * width, 64), nn.ReLU(),
    )  # fmt: skip
    net = nn.Sequential(trunk, nn.Linear(64, classes))
    optimizer = torch.optim.Adam(net.parameters(), 1e-3)
    for _ in range(EPOCHS):
        for chosen in torch.randperm(len(data.x)).split(128):
            loss = nn.functional.cross_entropy(net(data.space.encode(data.x[chosen])), labels[chosen])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    with torch.no_grad():
        right = (net(data.space.encode(data.held_out)).argmax(1) == data.held_out_y).float().mean()
    print(f"{data.name}: the classifier is right on {right:.1%} of the held-out images", flush=True)
    return net.eval()


@torch.no_grad()
def distance(net: nn.Sequential, data: Data, samples: Tensor) -> float:
    """Frechet's, between Gaussians fitted to the features of held-out images and samples (Heusel et al. 2017)."""
    real, fake = (
        torch.cat([net[0](part) for part in x.split(500)]).double() for x in (data.space.encode(data.held_out), samples)
    )
    covariances = torch.cov(real.T), torch.cov(fake.T)
    cross = torch.linalg.eigvals(covariances[0] @ covariances[1]).real.clamp(min=0).sqrt().sum()
    traces = covariances[0].trace() + covariances[1].trace()
    return float((real.mean(0) - fake.mean(0)).square().sum() + traces - 2 * cross)


def class_shares(data: Data, samples: Tensor) -> Tensor:
    """The classes of the nearest training images: (classes,)."""
    classes, labels = labelled(data)
    near = [torch.cdist(part, data.space.encode(data.x).flatten(1)).argmin(1) for part in samples.flatten(1).split(100)]
    return torch.bincount(labels[torch.cat(near)], minlength=classes) / len(samples)


if __name__ == "__main__":
    main()
