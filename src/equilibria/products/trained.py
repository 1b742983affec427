"""A model with all that it is good for."""

from dataclasses import dataclass
from pathlib import Path

from ..recipes import stored
from ..recipes.model import Model


@dataclass(frozen=True, repr=False)
class Trained(Model):
    """A model that a run has left behind: each verb is a function of `products`, called on the model."""


def load(folder: str | Path) -> Trained:
    """The model of a run folder (or of its `model` folder), ready to use. Raises Refusal if there is none.

    Nothing is executed, no data are touched: `load("runs/NAME").sample(64)` draws, of a conditional model also
    `sample(64, labels=7)`.
    """
    return Trained(**vars(stored.load(folder)))
