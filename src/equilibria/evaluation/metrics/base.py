"""What a metric compares, and what it answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from torch import Tensor


class Figure(NamedTuple):
    """A number, with its standard error where one is known."""

    value: float
    error: float | None = None


Figures = dict[str, Figure]  # by name: one metric may answer several


@dataclass(frozen=True)
class Sets:
    """What is compared: rows of samples, or of their features."""

    real: Tensor  # (N, *sample) or (N, F): held out, seen by nobody who made the others
    fake: Tensor  # (M, ...): generated
    train: Tensor  # (K, ...): what the model has learned from, or some of it; none of those that stand as `fake`


@dataclass(frozen=True)
class Metric:
    """How far generated samples are from real ones, in one way of asking."""

    measure: Callable[[Sets], Figures]
    sees: str = "features"  # or "samples"
    better: Mapping[str, str] = field(default_factory=dict)  # by figure: "lower" (if not said), "higher", "neither"
