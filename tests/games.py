"""Small games for the tests: every formulation, on points, with dense networks."""

import dataclasses

import torch

from equilibria.data import Data
from equilibria.data.spaces import Plane
from equilibria.recipes import RECIPES
from equilibria.recipes.build import build

FAMILIES = tuple(RECIPES)


def points(count=256):
    """A blob beside the origin, held out in part."""
    x = torch.randn(count, 2, generator=torch.Generator().manual_seed(3)) * 0.1 + torch.tensor([1.0, 0.0])
    return Data("blob", Plane(), x, x[:64] + 0.01)


def small(name, **fields):
    """A named recipe, cut down to dense networks and batches of 16."""
    recipe = RECIPES[name]()
    norm = recipe.networks["critic"].get("norm", "none")
    networks = {
        "generator": {"name": "dense", "width": 16, "depth": 2},
        "critic": {"name": "dense", "width": 16, "depth": 2, "norm": norm},
    }
    return dataclasses.replace(recipe, networks=networks, prior={"name": "normal", "size": 4}, batch=16, **fields)


def run_of(name, **fields):
    """A run at round 0."""
    return build(small(name, **fields), points())


def weights(run):
    """Everything the networks and their averages hold, as one vector."""
    tensors = [*run.game.networks.state_dict().values(), *run.average.state_dict().values()]
    return torch.cat([t.flatten().double() for t in tensors])
