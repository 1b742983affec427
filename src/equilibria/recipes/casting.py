"""The networks of a recipe, as its data and its game want them."""

from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal, nearest
from ..core.priors import Prior
from ..core.randomness import generator
from ..data import Data, Space
from ..games.views import pack
from ..networks import NETWORKS
from ..networks.coupling import coupled
from ..networks.norms import needs_rows
from .parts import Spec, make
from .recipe import Recipe, at_least_one

_PROBED = 6  # rows shown to the critic when asking whether they influence each other


def build_networks(
    specs: dict[str, Spec], space: Space, prior: Prior, condition: int = 0, packed: int = 1
) -> dict[str, nn.Module]:
    """Each role's network, for samples of this space, latents of this prior and conditions of this width.

    The critic is shown `packed` samples as one.
    """
    shape, outlet = space.shape, space.outlet()
    context: dict[str, Any] = {"shape": shape, "latent": prior.size, "condition": condition, "outlet": outlet}
    shown = context | {"shape": (packed * shape[0], *shape[1:]), "condition": packed * condition}
    for role in specs:
        if role not in NETWORKS:
            raise Refusal(f"networks.{role} is no role.{nearest(role, NETWORKS)}")
    return {
        role: make(NETWORKS[role], spec, f"networks.{role}", **(shown if role == "critic" else context))
        for role, spec in specs.items()
    }


def condition(recipe: Recipe, data: Data) -> int:
    """The width of what the networks are told beside latents and samples: of the labels, or 0."""
    return data.labels.size if recipe.conditional and data.labels is not None else 0


def packing(recipe: Recipe) -> int:
    """How many samples the critic is shown as one."""
    count = recipe.game.get("pack", 1)
    if recipe.batch % at_least_one("game.pack", count):
        raise Refusal(f"A batch of {recipe.batch} cannot be packed by {count}: let --batch be a multiple of --pack.")
    return count


def mixes_samples(critic: nn.Module, recipe: Recipe, data: Data) -> bool:
    """Whether the critic's score of one sample depends on the others in the batch, seen on samples of this data."""
    count = packing(recipe)
    chosen = torch.randint(len(data.x), (_PROBED * count,), generator=generator(0, len(data.x)))
    x, y = data.batch(chosen.to(data.x.device), recipe.conditional)
    return coupled(critic, (pack(x.cpu(), count),), None if y is None else pack(y.cpu(), count))


def refuse_lone_rows(networks: dict[str, nn.Module], recipe: Recipe) -> None:
    """Batch norm has nothing to compare one row with."""
    for role, network in networks.items():
        rows = recipe.batch // (packing(recipe) if role == "critic" else 1)
        if rows == 1 and needs_rows(network):
            raise Refusal(
                f"networks.{role} has the norm 'batch', and a batch of {recipe.batch} shows it one row, which has none "
                f"to be compared with: use a larger --batch, or --{role}.norm layer."
            )
