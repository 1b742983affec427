"""How real a model's critic finds samples."""

import torch
from torch import Tensor

from ..recipes.model import Model
from .seeing import Ask, answers, chunked, judge, told, views

COMPARABLE = (
    "Scores are comparable within this one model only: their zero and their unit are its critic's own, and what it "
    "finds unreal may be rare, badly drawn, or unlike what it was trained on."
)


def score(model: Model, x: Tensor, y: Tensor | None = None) -> Tensor:
    """The critic's scores of samples (N, *shape) under their conditions (N, C)?, high for real: (N,).

    Comparable within this one model only. A critic of pairs sees each sample beside its code.
    """
    return torch.cat(list(answers(model, opinion(model), chunked(x, y)))).cpu()


def opinion(model: Model) -> Ask:
    """Samples (B, *shape) and conditions (B, C)? to scores (B,), in single precision."""
    critic = judge(model)
    return lambda x, y: critic(*views(model, x, y), **told(y)).float()
