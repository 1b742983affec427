"""How much likelier a sample is under the data than under the model, read from the best critic's score."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..recipes.parts import Spec, make
from ..terms.divergences import DIVERGENCES
from ..terms.divergences.facts import Function
from . import origin

_LOGITS = {
    "minimax": "log(p_data / p_model)",
    "non_saturating": "log(p_data / p_model)",
    "relativistic": "log(p_data / p_model) plus a constant, which does not matter here",
}
_SILENT = {
    "wasserstein": "it says how far samples are from the data, not how much less likely",
    "hinge": "it says which of the two is likelier, not by how much",
    "total_variation": "it says which of the two is likelier, not by how much",
    "least_squares": "it reaches the codes of real and fake, where the ratio would be infinite or zero",
    "relativistic_average": "what its best critic says is not known as a ratio",
}
_FAR = 80.0  # the greatest logarithm of a ratio: beyond it every sample is accepted, or none
_HALVINGS = 60


def log_ratio(divergence: str | Mapping[str, Any]) -> tuple[Function, str]:
    """From scores (B,) to log(p_data / p_model) (B,) in double precision, and what the best critic's score is in words.

    Raises Refusal for a divergence whose best critic does not tell the ratio.
    """
    spec: dict[str, Any] = {"name": divergence} if isinstance(divergence, str) else dict(divergence)
    name = spec["name"]
    if name in _LOGITS:
        return Tensor.double, _LOGITS[name]
    if name in _SILENT:
        raise Refusal(
            f"Rejection needs a critic whose score tells how likely a sample is, and that of {name!r} does not: "
            f"{_SILENT[name]}. Models of non_saturating, minimax, relativistic, or an f-divergence such as kl can be "
            f"sampled so."
        )
    facts = make(DIVERGENCES, spec, "divergence").facts
    if facts is None:
        raise Refusal(f"Rejection needs a critic whose score tells how likely a sample is; of {name!r} nobody knows.")
    return _inverse(facts.score), f"a rising function of p_data / p_model ({name}), which is undone"


def divergence_of(place: Path | None) -> Spec:
    """What the critic of the model in a folder was trained by, as the recipe beside it says."""
    recipe = origin.recipe(place)
    if recipe is None:
        raise Refusal(
            "There is no recipe.json beside this model, and without it nobody knows what the scores of its critic "
            "mean: give the folder of a run, such as runs/NAME."
        )
    if recipe.divergence is None:
        raise Refusal("This model was trained by a game without a divergence: no critic tells data from model.")
    return recipe.divergence


def _inverse(score: Function) -> Function:
    """The logarithm of the ratio with which a rising function says v, by bisection."""

    def log_u(v: Tensor) -> Tensor:
        v = v.double()
        low, high = torch.full_like(v, -_FAR), torch.full_like(v, _FAR)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = score(middle.exp()) < v
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2

    return log_u
