"""Small games for the tests: every formulation, on points, with dense networks."""

import dataclasses

import torch

from equilibria.data import Data, Labels
from equilibria.data.spaces import Plane
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build

FAMILIES = tuple(RECIPES)


def points(count=256):
    """A blob beside the origin, held out in part; the labels say on which side of its middle a point lies."""
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(3)) * 0.1 + torch.tensor([1.0, 0.0])
    y = (x[:, 1] > 0).long()
    return Data("blob", Plane(), x, x[:64] + 0.01, Labels("class", ("below", "above")), y, y[:64])


def small(name, **fields):
    """A named recipe, cut down to dense networks and batches of 16."""
    recipe = RECIPES[name]()
    networks = {
        role: {k: v for k, v in spec.items() if k in ("norm", "conditioning", "posterior")}
        | {"name": "dense", "width": 16, "depth": 2}
        for role, spec in recipe.networks.items()
    }
    prior = recipe.prior if recipe.prior["name"] == "joint" else {"name": "normal", "size": 4}
    return dataclasses.replace(recipe, networks=networks, prior=prior, batch=16, **fields)


def run_of(name, **fields):
    """A run at round 0."""
    return build(small(name, **fields), points())


def weights(run):
    """Everything the networks and their averages hold, as one vector."""
    tensors = [*run.game.networks.state_dict().values(), *run.average.state_dict().values()]
    return torch.cat([t.flatten().double() for t in tensors])
