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

from ...core.errors import Failure
from ...core.files import atomic
from ...core.seeding import generator
from ...data.cache import cache_root
from ...data.dataset import Data, digest

SIDE = 32  # pixels: larger pictures are averaged to so many
FEATURES = 64
_WIDTHS = (32, 64, 128)
_SMALLEST = 6  # a map of this side is still halved


class Convolutions(nn.Module):
    """Three convolutions, each halving the map while it is large enough, then `FEATURES` numbers, then logits."""

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
    """What is done to samples (C, H, W), as a card says it."""
    height, width = (min(side, SIDE) for side in shape[1:])
    return "none" if (height, width) == tuple(shape[1:]) else f"averaged to {height} x {width}"


def untrained(shape: tuple[int, ...], classes: int, seed: int) -> Convolutions:
    """The network as the seed begins it, whatever was drawn before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Convolutions(shape, classes).to(memory_format=torch.channels_last)  # type: ignore[call-overload]


_BATCH = 128
_RATE = 4e-3
_SHOWN = 300_000  # samples, all epochs together, if nobody says how many epochs
_FEWEST, _MOST = 4, 40  # epochs
_ASKED = 10_000  # held-out samples, at most
_SHIFT = 14  # a picture is shifted by at most this part of its side


@dataclass(frozen=True)
class Training:
    """What is learned, and how long."""

    data: Data
    epochs: int
    seed: int
    say: Callable[[str], None]


def usual_epochs(data: Data) -> int:
    """Few for many samples."""
    return min(max(-(-_SHOWN // len(data.x)), _FEWEST), _MOST)


def fit(lesson: Training) -> Convolutions:
    """A classifier of the training part: cross entropy, AdamW, a rate that rises and falls once (Smith 2018)."""
    data, draws = lesson.data, generator(lesson.seed, len(lesson.data.x))
    assert data.labels is not None
    network = untrained(data.space.shape, data.labels.size, lesson.seed).to(data.x.device).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=0.01)
    batch = min(_BATCH, len(data.x))
    moves = len(data.x) // batch
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=lesson.epochs * moves)
    start = time.monotonic()
    for epoch in range(1, lesson.epochs + 1):
        order = torch.randperm(len(data.x), generator=draws)
        for chosen in order[: moves * batch].split(batch):
            optimizer.zero_grad()
            _loss(network, data, chosen, draws).backward()
            optimizer.step()
            schedule.step()
        _tell(lesson, network, epoch, time.monotonic() - start)
    return network.eval().requires_grad_(False)


def accuracy(network: Convolutions, data: Data) -> tuple[float, int]:
    """The share of held-out samples that are taken for what they are, and of how many."""
    assert data.held_out_y is not None
    count = min(len(data.held_out), _ASKED)
    said = [_guess(network, data.space.encode(part)) for part in data.held_out[:count].split(4 * _BATCH)]
    return float((torch.cat(said) == data.held_out_y[:count].long()).double().mean()), count


@torch.no_grad()
def _guess(network: Convolutions, x: Tensor) -> Tensor:
    return network(x).argmax(dim=1)


def _loss(network: Convolutions, data: Data, chosen: Tensor, draws: torch.Generator) -> Tensor:
    """Of a batch that is shifted by a few pixels, which changes no label."""
    assert data.y is not None
    chosen = chosen.to(data.x.device)
    reach = min(data.space.shape[1:]) // _SHIFT
    down, right = torch.randint(-reach, reach + 1, (2,), generator=draws).tolist()
    x = data.space.encode(data.x[chosen]).roll((down, right), dims=(2, 3))
    return cross_entropy(network(x), data.y[chosen].long())


def _tell(lesson: Training, network: Convolutions, epoch: int, seconds: float) -> None:
    """At most ten times."""
    if epoch % -(-lesson.epochs // 10) and epoch < lesson.epochs:
        return
    share, count = accuracy(network.eval(), lesson.data)
    network.train()
    left = seconds / epoch * (lesson.epochs - epoch)
    more = f", {left:.0f} s left" if epoch < lesson.epochs else ""
    lesson.say(f"epoch {epoch} of {lesson.epochs}: {100 * share:.2f} % of {count:,} held-out samples{more}")


_FORMAT = 1


@dataclass(frozen=True)
class StoredClassifier:
    """Weights, and what is known of them."""

    weights: dict[str, Tensor]
    accuracy: float  # share of the held-out samples that are right
    asked: int  # how many those were
    epochs: int
    data: str


def place(data: Data, seed: int) -> Path:
    """Where the classifier of these data lies, or would: known by samples and labels, however long it is trained."""
    assert data.labels is not None
    assert data.y is not None
    known = [_FORMAT, digest(data), len(data.x), data.labels.names, seed]
    labels = hashlib.blake2b(data.y.cpu().long().numpy().tobytes(), digest_size=8).hexdigest()
    name = hashlib.sha256(json.dumps([*known, labels]).encode()).hexdigest()[:16]
    return cache_root() / "features" / f"classifier-{Path(data.name).stem}-{name}.safetensors"


def read(path: Path) -> StoredClassifier | None:
    """What lies there; None if that is nothing, or cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            told = json.loads(file.metadata()["equilibria"])
            return StoredClassifier({name: file.get_tensor(name) for name in file.keys()}, **told)  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError):
        return None


def write(path: Path, kept: StoredClassifier) -> None:
    """Keep it, whole or not at all. Raises Failure where that is impossible."""
    told = {"accuracy": kept.accuracy, "asked": kept.asked, "epochs": kept.epochs, "data": kept.data}
    weights = {name: weight.detach().cpu().contiguous() for name, weight in kept.weights.items()}
    try:
        with atomic(path, unique=True) as part:
            part.write_bytes(save(weights, {"equilibria": json.dumps(told)}))
    except OSError as error:
        raise Failure(
            f"{path} cannot be written ({error.strerror or error}): free some space, or name another folder in "
            "EQUILIBRIA_CACHE."
        ) from error
