"""Training a small classifier, and the cache of trained ones."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, cross_entropy

from ...core.errors import Failure, Refusal
from ...core.files import atomic, cache_root
from ...core.seeding import generator
from ...data.dataset import Data
from ..metrics.base import seconds_of

Say = Callable[[str], None]

SIDE = 32  # pixels: larger images are averaged down
FEATURES = 64
_WIDTHS = (32, 64, 128)
_SMALLEST = 6  # pixels, from which on a feature map is halved
_BATCH, _LR = 128, 4e-3
_SAMPLES = 300_000  # shown by default, in all epochs together
_FEWEST, _MOST = 4, 40  # epochs
_TESTED = 10_000  # held-out samples, at most
_SHIFT = 14  # an image is shifted by at most this fraction of its side
_FORMAT = 1


class Convolutions(nn.Module):
    """Three convolutions, each halving the map while it is large enough, then `FEATURES` values, then logits."""

    def __init__(self, shape: tuple[int, ...], classes: int):
        super().__init__()
        channels, *sides = shape[0], *(min(side, SIDE) for side in shape[1:])
        stages = []
        for wide in _WIDTHS:
            stages += [nn.Conv2d(channels, wide, 3, padding=1, bias=False), nn.BatchNorm2d(wide), nn.ReLU()]
            if min(sides) >= _SMALLEST:
                stages.append(nn.MaxPool2d(2))
                sides = [side // 2 for side in sides]
            channels = wide
        size = channels * sides[0] * sides[1]
        last = [nn.Flatten(), nn.Linear(size, FEATURES, bias=False), nn.BatchNorm1d(FEATURES), nn.ReLU()]
        self.body = nn.Sequential(*stages, *last)
        self.head = nn.Linear(FEATURES, classes)

    def features(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, FEATURES)."""
        height, width = (min(side, SIDE) for side in x.shape[2:])
        x = x if (height, width) == tuple(x.shape[2:]) else adaptive_avg_pool2d(x, (height, width))
        return self.body(x.contiguous(memory_format=torch.channels_last))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> logits (B, classes)."""
        return self.head(self.features(x))


def resizing(shape: tuple[int, ...]) -> str:
    """The resizing of samples (C, H, W), as a provenance has it."""
    height, width = (min(side, SIDE) for side in shape[1:])
    return "none" if (height, width) == tuple(shape[1:]) else f"averaged to {height} x {width}"


def untrained(shape: tuple[int, ...], classes: int, seed: int) -> Convolutions:
    """The network with its initial weights of this seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Convolutions(shape, classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


@dataclass(frozen=True)
class StoredClassifier:
    """Weights of a classifier, with its accuracy and training."""

    weights: dict[str, Tensor]
    accuracy: float  # share of held-out samples
    tested: int  # number of held-out samples
    epochs: int
    data: str

    @property
    def result(self) -> str:
        """The accuracy in words."""
        return f"{100 * self.accuracy:.2f} % of {self.tested:,} held-out samples"


def silent(_: str) -> None:
    """Prints nothing."""


def train(data: Data, epochs: int = 0, seed: int = 0, say: Say = silent) -> StoredClassifier:
    """Train a classifier of data with classes and store it, in place of a stored one.

    `epochs` 0 means fewer epochs for more samples. Raises Refusal for a negative number, Failure if it cannot store.
    """
    if epochs < 0:
        raise Refusal(f"epochs is {epochs}: at least 1 is needed, or 0 for the default.")
    epochs = epochs or _epochs(data)
    network = fit(data, epochs, seed, say)
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    stored = StoredClassifier(weights, *accuracy(network, data), epochs, data.name)
    write(place(data, seed), stored)
    return stored


def _epochs(data: Data) -> int:
    return min(max(-(-_SAMPLES // len(data.x)), _FEWEST), _MOST)


def training_seconds(data: Data) -> float:
    """About how long `train` takes, by the time of a batch."""
    assert data.labels is not None
    network, rows = untrained(data.space.shape, data.labels.size, 0), data.space.encode(data.x[:_BATCH])
    batch = seconds_of(lambda: network(rows).square().mean().backward())
    return batch * _epochs(data) * len(data.x) / len(rows)


def fit(data: Data, epochs: int, seed: int, say: Say) -> Convolutions:
    """A classifier of the training part: cross-entropy, AdamW, a rate that rises and falls once (Smith 2018)."""
    assert data.labels is not None
    assert data.y is not None
    draws, reach = generator(seed, len(data.x)), min(data.space.shape[1:]) // _SHIFT
    network = untrained(data.space.shape, data.labels.size, seed).to(data.x.device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LR, weight_decay=0.01)
    batch = min(_BATCH, len(data.x))
    steps = len(data.x) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LR, total_steps=epochs * steps)
    start = time.monotonic()
    for epoch in range(1, epochs + 1):
        order = torch.randperm(len(data.x), generator=draws)
        for rows in order[: steps * batch].split(batch):
            rows = rows.to(data.x.device)
            shift = torch.randint(-reach, reach + 1, (2,), generator=draws).tolist()  # changes no label
            logits = network(data.space.encode(data.x[rows]).roll(shift, dims=(2, 3)))
            optimizer.zero_grad()
            cross_entropy(logits, data.y[rows].long()).backward()
            optimizer.step()
            schedule.step()
        if epoch % -(-epochs // 10) == 0 or epoch == epochs:  # at most ten times
            share, count = accuracy(network.eval(), data)
            network.train()
            rest = (time.monotonic() - start) / epoch * (epochs - epoch)
            more = f", {rest:.0f} s left" if epoch < epochs else ""
            say(f"epoch {epoch} of {epochs}: {100 * share:.2f} % of {count:,} held-out samples{more}")
    return network.eval().requires_grad_(False)


@torch.no_grad()
def accuracy(network: Convolutions, data: Data) -> tuple[float, int]:
    """The share of held-out samples that are classified correctly, and their number."""
    assert data.held_out_y is not None
    count = min(len(data.held_out), _TESTED)
    parts = data.held_out[:count].split(4 * _BATCH)
    classes = torch.cat([network(data.space.encode(part)).argmax(dim=1) for part in parts])
    return float((classes == data.held_out_y[:count].long()).double().mean()), count


def place(data: Data, seed: int) -> Path:
    """The file of the classifier of this data, named by all samples and labels, whether it exists or not."""
    assert data.labels is not None
    assert data.y is not None
    assert data.held_out_y is not None
    total = hashlib.blake2b(json.dumps([_FORMAT, data.space.describe(), data.labels.names, seed]).encode())
    for part in (data.x, data.held_out, data.y, data.held_out_y):
        total.update(f"{part.dtype} {tuple(part.shape)}".encode())
        total.update(part.cpu().contiguous().numpy().data)
    return cache_root() / "features" / f"classifier-{total.hexdigest()[:32]}.safetensors"


def read(path: Path) -> StoredClassifier | None:
    """The classifier in a file; None if there is none, or it cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            about = json.loads(file.metadata()["equilibria"])
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            return StoredClassifier(weights, about["accuracy"], about["asked"], about["epochs"], about["data"])
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def write(path: Path, stored: StoredClassifier) -> None:
    """Store a classifier, whole or not at all. Raises Failure if that is impossible."""
    about = {"accuracy": stored.accuracy, "asked": stored.tested, "epochs": stored.epochs, "data": stored.data}
    weights = {name: weight.detach().cpu().contiguous() for name, weight in stored.weights.items()}
    try:
        with atomic(path, unique=True) as part:
            part.write_bytes(save(weights, {"equilibria": json.dumps(about)}))
    except OSError as error:
        raise Failure(
            f"{path} cannot be written ({error.strerror or error}): free some space, or name another folder in "
            "EQUILIBRIA_CACHE."
        ) from error
