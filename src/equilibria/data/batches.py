"""Deterministic batches: batch i is a function of the seed and i."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.distributed import rank, world
from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.types import Batch
from .dataset import Data

LABEL_KEY = -6  # of what is drawn for the labels that are known, beside the run's seed


def labelled_subset(data: Data, count: int, seed: int = 0) -> Tensor:
    """Places of so many training samples, chosen by the seed, of each class as many or all: (count,) int64, ascending.

    Raises Refusal for data without classes, and for fewer labels than classes or more than samples.
    """
    if data.labels is None or data.y is None or data.labels.kind != "class":
        what = "has no labels" if data.labels is None else f"is labelled by {data.labels}"
        raise Refusal(
            f"The data {data.name!r} {what}, and this game learns classes: choose data whose labels are classes."
        )
    if not data.labels.size <= count <= len(data.y):
        raise Refusal(
            f"labelled is {count}: of {data.name!r} at least {data.labels.size} labels must be known, one of each "
            f"class, and at most {len(data.y)}, as many as there are. Say for example --labelled {_example(data)}."
        )
    order = torch.randperm(len(data.y), generator=generator(seed, LABEL_KEY))
    y = data.y.long().cpu()[order]
    by_class = y.argsort(stable=True)
    counts = y.bincount(minlength=data.labels.size)
    place = torch.empty_like(y)
    place[by_class] = torch.arange(len(y)) - (counts.cumsum(0) - counts)[y[by_class]]  # within its class
    return order[place.argsort(stable=True)[:count]].sort().values.to(data.y.device)


def _example(data: Data) -> int:
    """Ten of each class, or as many as there are."""
    assert data.labels is not None
    return min(10 * data.labels.size, len(data.x))


@dataclass
class Stream:
    """Shuffled epochs over data in memory; each process draws its own share, the last partial batch is left out."""

    data: Data
    size: int = 64  # samples a batch, in each process
    seed: int = 0
    labelled: bool = False  # only a conditional game is shown the labels
    binary: bool = False  # values from -1 to 1 are drawn as -1 or 1, anew in each batch, by the default generator
    labelled_subset: Tensor | None = (
        None  # places of the samples whose labels are known, (K,), to games that learn from them
    )
    _order: tuple[int, Tensor] = field(default=(-1, torch.empty(0)), repr=False)

    def __post_init__(self) -> None:
        if self._share < self.size:
            raise Refusal(
                f"The data {self.data.name!r} has {self._share} training samples"
                f"{' for each process' if world() > 1 else ''}, fewer than a batch of {self.size}: "
                f"use --batch {max(self._share, 1)} or less, or more data."
            )
        if self.binary and len(self.data.space.shape) != 3:
            raise Refusal(
                f"The data {self.data.name!r} has no pixels to be drawn black or white: leave out --binarize."
            )
        if self.labelled and self.data.labels is None:
            raise Refusal(
                f"The data {self.data.name!r} has no labels, and a conditional game needs them: "
                "choose data with labels, or leave out --conditional."
            )

    def batch(self, draw: int) -> Batch:
        """The `draw`-th batch of the run."""
        epoch, place = divmod(draw * self.size, self._share - self._share % self.size)
        chosen = self._permutation(epoch)[place : place + self.size]
        return self._shown(self.data.batch(chosen, self.labelled))

    def labelled_batch(self, draw: int) -> Batch | None:
        """As many samples with their labels, of those that are known: each as often as the others, or once more."""
        if self.labelled_subset is None:
            return None
        source, passes = generator(self.seed, LABEL_KEY, draw, rank()), -(-self.size // len(self.labelled_subset))
        order = torch.cat([torch.randperm(len(self.labelled_subset), generator=source) for _ in range(passes)])[
            : self.size
        ]
        return self._shown(self.data.batch(self.labelled_subset[order.to(self.labelled_subset.device)], labelled=True))

    def _shown(self, batch: Batch) -> Batch:
        return batch._replace(x=binarized(batch.x)) if self.binary else batch

    @property
    def _share(self) -> int:
        return len(self.data.x) // world()

    def _permutation(self, epoch: int) -> Tensor:
        """This process's part of the epoch's order, kept until the next epoch."""
        if self._order[0] != epoch:
            order = torch.randperm(len(self.data.x), generator=generator(self.seed, epoch))
            self._order = epoch, order[rank() * self._share : (rank() + 1) * self._share].to(self.data.x.device)
        return self._order[1]


def binarized(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Black or white pixels, -1 or 1, of grey ones as probabilities of white (Salakhutdinov and Murray 2008)."""
    white = torch.rand(x.shape, generator=generator, device=x.device) < (x + 1) / 2
    return white.to(x.dtype) * 2 - 1
