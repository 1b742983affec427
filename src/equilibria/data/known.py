"""Which labels are known, where few are."""

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.randomness import generator
from .records import Data

PLACE = -6  # of what is drawn for the labels that are known, beside the run's seed


def known(data: Data, count: int, seed: int = 0) -> Tensor:
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
    order = torch.randperm(len(data.y), generator=generator(seed, PLACE))
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
