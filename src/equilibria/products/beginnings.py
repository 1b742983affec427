"""The networks of a model as they were before the first round."""

from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.randomness import key
from ..networks.norms import reestimate_batchnorm
from ..recipes.model import Model
from ..recipes.stored import DAMAGE, assembled, config_of, damaged
from . import origin
from .features import network_of
from .seeing import told, views

_BATCH = 256


def beginning(place: Path | None) -> Model:
    """The model in a folder as the run that left it began. Raises Refusal for one without a folder."""
    recipe, _ = origin.recipe(place), origin.config(place)
    return untrained(place or Path(), 0 if recipe is None else recipe.seed)


def untrained(place: Path, seed: int) -> Model:
    """The model in a folder as its networks were before the first round, in a run with this seed."""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, -1))
            return assembled(config_of(place))
    except Refusal:
        raise
    except DAMAGE as error:
        raise damaged(place, error) from None


def reestimate_untrained(model: Model, x: Tensor, of: str) -> None:
    """Give batch norms that have seen nothing the statistics of samples (N, *shape)."""
    y = None if model.conditions is None else torch.zeros(len(x), model.conditions.rows.shape[1]).to(x)

    def batch(i: int) -> tuple[Tensor, Tensor | None]:
        start = i * _BATCH % max(len(x) - _BATCH + 1, 1)
        return x[start : start + _BATCH], None if y is None else y[start : start + _BATCH]

    if "encoder" in model.networks and (of == "encoder" or model.sees == "pairs"):
        network = model.networks["encoder"]
        reestimate_batchnorm(network, lambda i: network(*batch(i)).mean)
    if of == "critic":
        critic = network_of(model, of)
        reestimate_batchnorm(critic, lambda i: critic(*views(model, *batch(i)), **told(batch(i)[1])))
