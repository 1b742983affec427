"""Metrics and the provenance of their values."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...core.errors import Refusal


@dataclass(frozen=True)
class Provenance:
    """Everything besides the model that the value of a metric depends on."""

    metric: str  # with its options: "kernel(degree=3, subsets=100, size=1000)"
    data: str
    fingerprint: str  # of the data
    split: str  # of the real samples: "held out, reporting part"
    real: int  # number of real samples
    generated: int
    features: str  # the feature network, "none" for samples as they are
    digest: str  # of that network's weights
    resizing: str  # before that network: "none", "bilinear to 299 x 299"
    seed: int  # of the generated samples
    checkpoint: str  # "best" or "last"
    rule: str  # by which the best was selected, and on what
    averaged: bool  # whether the generator's weights are a moving average

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def differences(one: Provenance, other: Provenance) -> dict[str, tuple[Any, Any]]:
    """The fields in which two differ, each with the two values."""
    first, second = asdict(one), asdict(other)
    return {name: (value, second[name]) for name, value in first.items() if value != second[name]}


def comparable(provenances: Mapping[str, Provenance]) -> Provenance:
    """The provenance that all values of a column share, by model. Raises Refusal with the fields that differ."""
    (first, common), *others = provenances.items()
    for name, other in others:
        if unequal := differences(common, other):
            fields = "; ".join(f"{key} is {a!r} for {first} and {b!r} for {name}" for key, (a, b) in unequal.items())
            raise Refusal(f"These values of {common.metric} are not comparable: {fields}. Evaluate both alike.")
    return common


class Measurement(NamedTuple):
    """A value, with its standard error if there is one."""

    value: float
    error: float | None = None


Measurements = dict[str, Measurement]  # by name: one metric may have several values
FOR_SHARES = 100  # samples, from which on the standard error of a share is at most .05
_ROWS, _FEATURES, _SECONDS = 1000, 64, 0.007
UNBOUNDED, POSITIVE, PORTION = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)
SHARE = "below it the standard error of a share is above .05"


def proportion(value: float, count: int) -> Measurement:
    """A share of `count` samples, with its standard error; for none or all of them, that of half a sample."""
    inner = min(max(value, 0.5 / count), 1 - 0.5 / count)
    return Measurement(value, math.sqrt(inner * (1 - inner) / count))


@dataclass(frozen=True)
class SampleSets:
    """The input of a metric: samples, or their features."""

    real: Tensor  # (N, *sample) or (N, F): held out, from training and from selection
    fake: Tensor  # (M, ...): generated
    train: Tensor  # (K, ...): training samples, or some of them; none that are in `fake`


@dataclass(frozen=True)
class Sizes:
    """What the time of a metric depends on."""

    count: int  # generated samples, and real ones
    training: int  # training samples
    features: int  # values of a sample

    def distances(self, pairs: int) -> float:
        """Seconds for the distances of so many pairs of samples."""
        return pairs * (1e-8 + 2e-11 * self.features)


def slowness() -> float:
    """The time of some distances in that of one core of the machine on which costs were measured."""
    x = torch.ones(_ROWS, _FEATURES, dtype=torch.float64)
    return seconds_of(lambda: torch.cdist(x, x)) / _SECONDS


def seconds_of(work: Callable[[], Any]) -> float:
    """The time of some work when it is done again: the first time is longer."""
    work()
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@dataclass(frozen=True)
class Metric:
    """A function that compares generated samples with real ones."""

    measure: Callable[[SampleSets], Measurements]
    input: str = "features"  # or "samples"
    better: Mapping[str, str] = field(default_factory=dict)  # by name: "lower" (the default), "higher", "neither"
    fewest: int = 2  # samples of each set; a value of fewer is not measured by default
    reason: str = "below it there is no variance"  # of that number
    training: str = ""  # for what it needs the training samples, if it does
    caution: Callable[[SampleSets], str] = lambda sets: ""  # how to read a value of these sets, if not as usual
    cost: Callable[[Sizes], float] = lambda sizes: 0.0  # seconds, about, where `slowness` is 1
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)  # by name; by default any number
