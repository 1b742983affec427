"""Metrics and the provenance of their values."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NamedTuple, Self

from torch import Tensor

from ...core.errors import Refusal


@dataclass(frozen=True)
class Provenance:
    """Everything that a figure depends on beside the model itself."""

    metric: str  # with its options: "kernel(degree=3, subsets=100, size=1000)"
    data: str
    fingerprint: str  # of the data
    split: str  # which real samples: "held out, reporting part"
    real: int  # how many of them
    generated: int
    features: str  # the network that they are seen by, "none" for samples as they are
    digest: str  # of that network's weights
    resizing: str  # before that network: "none", "bilinear to 299 x 299"
    seed: int  # of the samples that are generated
    checkpoint: str  # "best" or "last"
    rule: str  # by which the best was chosen, and on what
    averaged: bool  # whether the generator's weights are a moving average

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any], where: str) -> Self:
        """A card that was stored. Raises Refusal for one that is not whole."""
        try:
            return cls(**{field.name: stored[field.name] for field in fields(cls)})
        except (KeyError, TypeError) as error:
            raise Refusal(f"{where} carries a number whose card lacks {error}: measure it again.") from None


def differences(one: Provenance, other: Provenance) -> dict[str, tuple[Any, Any]]:
    """The fields in which two cards differ, each with the two values."""
    pairs = {field.name: (getattr(one, field.name), getattr(other, field.name)) for field in fields(Provenance)}
    return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def comparable(cards: Mapping[str, Provenance]) -> Provenance:
    """The one card that all numbers of a column share, by whose they are. Raises Refusal naming what differs."""
    (first, card), *others = cards.items()
    for name, other in others:
        if found := differences(card, other):
            said = "; ".join(f"{field} is {a!r} for {first} and {b!r} for {name}" for field, (a, b) in found.items())
            raise Refusal(f"These numbers of {card.metric} cannot stand in one column: {said}. Measure both alike.")
    return card


class Measurement(NamedTuple):
    """A number, with its standard error where one is known."""

    value: float
    error: float | None = None


Measurements = dict[str, Measurement]  # by name: one metric may answer several


@dataclass(frozen=True)
class SampleSets:
    """What is compared: rows of samples, or of their features."""

    real: Tensor  # (N, *sample) or (N, F): held out, seen by nobody who made the others
    fake: Tensor  # (M, ...): generated
    train: Tensor  # (K, ...): what the model has learned from, or some of it; none of those that stand as `fake`


@dataclass(frozen=True)
class Metric:
    """How far generated samples are from real ones, in one way of asking."""

    measure: Callable[[SampleSets], Measurements]
    input: str = "features"  # or "samples"
    better: Mapping[str, str] = field(default_factory=dict)  # by figure: "lower" (if not said), "higher", "neither"
