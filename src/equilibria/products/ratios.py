"""How much likelier a sample is under the data than under the model, read from the best critic's score."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from ..core.errors import Refusal
from ..recipes.parts import Spec, make
from ..terms.divergences import DIVERGENCES
from ..terms.divergences.facts import Function
from . import origin


def log_ratio(divergence: str | Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> tuple[Function, str]:
    """From scores (B,) to log(p_data / p_model) (B,) in double precision, and what the best critic's score is in words.

    `recorded` is what a run says of a divergence of the user's own, whose code is then not run. Raises Refusal for a
    divergence whose best critic does not tell the ratio.
    """
    spec: dict[str, Any] = {"name": divergence} if isinstance(divergence, str) else dict(divergence)
    name = spec["name"]
    if recorded is not None:
        ratio, score = Tensor.double if recorded.get("logit") else None, str(recorded.get("score") or "")
    else:
        made = make(DIVERGENCES, spec, "divergence")
        ratio, score = made.log_ratio, made.score
    if ratio is not None:
        return ratio, score.replace("{name}", name) or "log(p_data / p_model)"
    if score:
        raise Refusal(
            f"Rejection needs a critic whose score tells how likely a sample is, and that of {name!r} does not: "
            f"{score}. Models of non_saturating, minimax, relativistic, or an f-divergence such as kl can be "
            f"sampled so."
        )
    raise Refusal(f"Rejection needs a critic whose score tells how likely a sample is; of {name!r} nobody knows.")


def ratio_of(place: Path | None) -> tuple[Function, str]:
    """The same for the model in a folder, by the recipe beside it; nothing that it names is run."""
    spec = divergence_of(place)
    recorded = origin.parts(place).get("divergence") or {} if ":" in spec["name"] else None
    return log_ratio(spec, recorded)


def divergence_of(place: Path | None) -> Spec:
    """What the critic of the model in a folder was trained by, as the recipe beside it says."""
    recipe = origin.recipe(place, trust=True)
    if recipe is None:
        raise Refusal(
            "There is no recipe.json beside this model, and without it nobody knows what the scores of its critic "
            "mean: give the folder of a run, such as runs/NAME."
        )
    if recipe.divergence is None:
        raise Refusal("This model was trained by a game without a divergence: no critic tells data from model.")
    return recipe.divergence
