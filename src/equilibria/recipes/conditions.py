"""What the networks of a model are told beside latents, when nobody asks for anything."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..core.randomness import generator
from ..data.records import Data, Labels

KEPT = 256  # rows of attributes or numbers that a model remembers, at most


@dataclass(frozen=True, eq=False)
class Conditions:
    """Conditions, and how often each is drawn: as often as in the training data."""

    rows: Tensor  # (K, C): one for each class; of other labels, some that the training data have
    weights: Tensor  # (K,): of classes, their counts

    def draw(self, count: int, generator: torch.Generator) -> Tensor:
        """So many conditions, as networks see them: (count, C)."""
        return self.rows[torch.multinomial(self.weights, count, replacement=True, generator=generator)]

    def describe(self, labels: Labels) -> dict[str, Any]:
        """Plain values from which they can be rebuilt."""
        if labels.kind == "class":
            return {"counts": [int(weight) for weight in self.weights]}
        return {"rows": self.rows.tolist()}


def seen(data: Data) -> Conditions | None:
    """The conditions in the training data, the same for the same data; None without labels."""
    if data.labels is None or data.y is None:
        return None
    if data.labels.kind == "class":
        return _of_classes(data.y.long().bincount(minlength=data.labels.size).cpu().double())
    chosen = torch.randperm(len(data.y), generator=generator(0, len(data.y)))[:KEPT]
    return _of_rows(data.labels.encode(data.y[chosen.to(data.y.device)]).cpu())


def rebuilt(described: Mapping[str, Any], labels: Labels) -> Conditions:
    """The conditions that `describe` described. Raises ValueError if they do not fit the labels."""
    if labels.kind == "class":
        counts = torch.tensor(described["counts"], dtype=torch.float64)
        if counts.shape != (labels.size,) or not counts.isfinite().all() or counts.min() < 0 or counts.sum() <= 0:
            raise ValueError(f"{labels.size} counts are expected")
        return _of_classes(counts)
    rows = torch.tensor(described["rows"], dtype=torch.float32)
    if rows.ndim != 2 or rows.shape[1] != labels.size or not len(rows) or not rows.isfinite().all():
        raise ValueError(f"rows of {labels.size} numbers are expected")
    return _of_rows(rows)


def _of_classes(counts: Tensor) -> Conditions:
    return Conditions(torch.eye(len(counts)), counts)


def _of_rows(rows: Tensor) -> Conditions:
    return Conditions(rows, torch.ones(len(rows), dtype=torch.float64))
