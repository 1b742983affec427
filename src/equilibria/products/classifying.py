"""Which class a model's critic takes samples for, where the game taught it to tell."""

from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..data.records import Labels
from ..recipes.model import Model
from .seeing import Ask, answers, chunked, judge, views


def classify(model: Model, x: Tensor) -> Tensor:
    """What the class head says of samples (N, *shape): (N, C).

    Probabilities of classes, which sum to one; of attributes, one by one; guesses of numbers as they are.
    """
    return torch.cat(list(answers(model, guess(model), chunked(x)))).cpu()


def guess(model: Model) -> Ask:
    """Samples (B, *shape) to probabilities or guesses (B, C), whatever their conditions."""
    labels, critic = classes(model), judge(model)

    def ask(x: Tensor, y: Tensor | None) -> Tensor:
        said: Tensor = critic.classify(*views(model, x, y)).float()
        if labels.kind == "class":
            return said.softmax(dim=1)
        return said.sigmoid() if labels.kind == "multi-hot" else said

    return ask


def classes(model: Model) -> Labels:
    """What the class head tells apart. Raises Refusal where there is none."""
    critic: Any = judge(model)
    if model.labels is None or not callable(getattr(critic, "classify", None)):
        raise Refusal(
            "The critic of this model has no class head: train one that has, such as acgan, or `probe` its features."
        )
    return model.labels


def right(said: Tensor, y: Tensor, labels: Labels) -> tuple[str, float]:
    """What is measured of guesses and true labels, each (N, C), and how much it is: a share, or a distance."""
    if labels.kind == "class":
        return "accuracy", float((said.argmax(dim=1) == y.argmax(dim=1)).double().mean())
    if labels.kind == "multi-hot":
        return "attributes that are right", float(((said > 0.5) == (y > 0.5)).double().mean())
    return "mean absolute error", float((said - y).abs().double().mean())
