"""Deterministic batches: batch i is a function of the seed and i."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.distributed import rank, world_size
from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.types import Batch
from .dataset import Data

LABEL_KEY = -6  # of the generator that draws labeled samples


def labelled_subset(data: Data, count: int, seed: int = 0) -> Tensor:
    """Indices of the training samples whose labels are used, as many of each class as possible: (count,) int64, sorted.

    Raises Refusal for data without classes, and for fewer labels than classes or more than samples.
    """
    if data.labels is None or data.y is None or data.labels.kind != "class":
        what = "has no labels" if data.labels is None else f"has {data.labels} as labels"
        raise Refusal(
            f"The data {data.name!r} {what}, and this game learns classes: choose data whose labels are classes. "
            f"{data.no_labels}".rstrip()
        )
    every = data.y.long().cpu()
    classes, total = data.labels.size, int((every >= 0).sum())
    if not classes <= count <= total:
        raise Refusal(
            f"labelled is {count}, and {data.name!r} has {classes} classes and {total} labeled training samples: give "
            f"at least {classes} and at most {total}, for example --labelled {min(10 * classes, total)}."
        )
    order = torch.randperm(len(every), generator=generator(seed, LABEL_KEY))
    order = order[every[order] >= 0]
    y = every[order]
    by_class = y.argsort(stable=True)
    counts = y.bincount(minlength=classes)
    rank_in_class = torch.empty_like(y)
    rank_in_class[by_class] = torch.arange(total) - (counts.cumsum(0) - counts)[y[by_class]]
    return order[rank_in_class.argsort(stable=True)[:count]].sort().values.to(data.y.device)


@dataclass
class Stream:
    """Shuffled epochs over data in memory; each process draws its own share, the last partial batch is left out.

    Raises Refusal for fewer samples than a batch, and for data without the labels or pixels that are needed.
    """

    data: Data
    size: int = 64  # of a batch, in each process
    seed: int = 0
    labelled: bool = False  # whether batches contain labels, for a conditional game
    binary: bool = False  # draw values from -1 to 1 as -1 or 1, anew in each batch, by the default generator
    labelled_subset: Tensor | None = None  # (K,): indices of the samples whose labels are used, for few labels
    _order: tuple[int, Tensor] = field(default=(-1, torch.empty(0)), repr=False)

    def __post_init__(self) -> None:
        if self._share < self.size:
            raise Refusal(
                f"The data {self.data.name!r} has {self._share} training samples"
                f"{' for each process' if world_size() > 1 else ''}, fewer than a batch of {self.size}: "
                f"use --batch {max(self._share, 1)} or less, or more data."
            )
        if self.binary and len(self.data.space.shape) != 3:
            raise Refusal(f"The data {self.data.name!r} has no pixels, which --binarize needs: leave out --binarize.")
        if self.labelled and self.data.labels is None:
            raise Refusal(
                f"The data {self.data.name!r} has no labels, and a conditional game needs them: "
                f"choose data with labels, or leave out --conditional. {self.data.no_labels}".rstrip()
            )

    def batch(self, draw: int) -> Batch:
        """Batch number `draw` of the run: x (size, *space.shape), y (size, labels.size)."""
        epoch, start = divmod(draw * self.size, self._share - self._share % self.size)
        return self._batch(self._permutation(epoch)[start : start + self.size], self.labelled)

    def labelled_batch(self, draw: int) -> Batch | None:
        """A batch of labeled samples, each used equally often (+- 1); None where the game has no labeled subset."""
        if self.labelled_subset is None:
            return None
        source, passes = generator(self.seed, LABEL_KEY, draw, rank()), -(-self.size // len(self.labelled_subset))
        permutations = [torch.randperm(len(self.labelled_subset), generator=source) for _ in range(passes)]
        order = torch.cat(permutations)[: self.size].to(self.labelled_subset.device)
        return self._batch(self.labelled_subset[order], labelled=True)

    def _batch(self, indices: Tensor, labelled: bool) -> Batch:
        batch = self.data.batch(indices, labelled)
        return batch._replace(x=binarized(batch.x)) if self.binary else batch

    @property
    def _share(self) -> int:
        return len(self.data.x) // world_size()

    def _permutation(self, epoch: int) -> Tensor:
        """This process's part of the epoch's order, stored until the next epoch."""
        if self._order[0] != epoch:
            order = torch.randperm(len(self.data.x), generator=generator(self.seed, epoch))
            self._order = epoch, order[rank() * self._share : (rank() + 1) * self._share].to(self.data.x.device)
        return self._order[1]


def binarized(x: Tensor, generator: torch.Generator | None = None) -> Tensor:
    """Pixels -1 or 1, (B, C, H, W), with gray values as probabilities of white (Salakhutdinov and Murray 2008)."""
    white = torch.rand(x.shape, generator=generator, device=x.device) < (x + 1) / 2
    return white.to(x.dtype) * 2 - 1
