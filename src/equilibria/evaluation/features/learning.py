"""How a classifier learns the labels of the data."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from ...core.randomness import generator
from ...data.records import Data
from .convolutions import Convolutions, began

_BATCH = 128
_RATE = 4e-3
_SHOWN = 300_000  # samples, all epochs together, if nobody says how many epochs
_FEWEST, _MOST = 4, 40  # epochs
_ASKED = 10_000  # held-out samples, at most
_SHIFT = 14  # a picture is shifted by at most this part of its side


@dataclass(frozen=True)
class Lesson:
    """What is learned, and how long."""

    data: Data
    epochs: int
    seed: int
    say: Callable[[str], None]


def usual_epochs(data: Data) -> int:
    """Few for many samples."""
    return min(max(-(-_SHOWN // len(data.x)), _FEWEST), _MOST)


def learned(lesson: Lesson) -> Convolutions:
    """A classifier of the training part: cross entropy, AdamW, a rate that rises and falls once (Smith 2018)."""
    data, draws = lesson.data, generator(lesson.seed, len(lesson.data.x))
    assert data.labels is not None
    network = began(data.space.shape, data.labels.size, lesson.seed).to(data.x.device).train()
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


def _tell(lesson: Lesson, network: Convolutions, epoch: int, seconds: float) -> None:
    """At most ten times."""
    if epoch % -(-lesson.epochs // 10) and epoch < lesson.epochs:
        return
    share, count = accuracy(network.eval(), lesson.data)
    network.train()
    left = seconds / epoch * (lesson.epochs - epoch)
    more = f", {left:.0f} s left" if epoch < lesson.epochs else ""
    lesson.say(f"epoch {epoch} of {lesson.epochs}: {100 * share:.2f} % of {count:,} held-out samples{more}")
