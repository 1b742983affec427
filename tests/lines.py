"""Models whose networks are matrices: what verbs should answer is known in closed form."""

import torch
from torch import nn

from equilibria.core.posteriors import Gaussian, Point
from equilibria.core.priors import PRIORS
from equilibria.data.dataset import Labels
from equilibria.data.spaces import Image
from equilibria.models.conditions import Conditions
from equilibria.models.model import Model

SPACE = Image(1, 3, 3)
CLASSES = Labels("class", ("cat", "dog", "owl"))
MIXED = {
    "parts": [{"name": "normal", "size": 3}, {"name": "uniform", "size": 2}, {"name": "categorical", "classes": 3}]
}


def chance(*shape, seed=0):
    """Numbers that are always the same."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


class Ahead(nn.Module):
    """A generator: z W + y V."""

    def __init__(self, latent, condition=0):
        super().__init__()
        self.matrix = nn.Parameter(chance(latent, 9) / 10)
        self.told = nn.Parameter(chance(condition, 9, seed=1) / 10)

    def forward(self, z, y=None):
        x = z @ self.matrix if y is None else z @ self.matrix + y @ self.told
        return x.view(-1, 1, 3, 3)


class Back(nn.Module):
    """The encoder that inverts it, for sure or within a tenth."""

    def __init__(self, ahead, sure=True):
        super().__init__()
        self.ahead, self.sure = [ahead], sure

    def forward(self, x, y=None):
        flat = x.flatten(1) if y is None else x.flatten(1) - y @ self.ahead[0].told
        z = (flat.double() @ torch.linalg.pinv(self.ahead[0].matrix.double())).float()
        return Point(z) if self.sure else Gaussian(z, torch.full_like(z, 0.1).log() * 2)


class Elsewhere(nn.Module):
    """A prior that is told the condition."""

    def __init__(self, condition, latent):
        super().__init__()
        self.mean = nn.Parameter(chance(condition, latent, seed=2))
        self.log_variance = nn.Parameter(chance(condition, latent, seed=3))

    def forward(self, y):
        return Gaussian(y @ self.mean, y @ self.log_variance)


def line(prior="normal", encoder=None, told=False, moves=False, **options):
    """A model of a prior of size 4 (or as the options say); `encoder` is "point" or "gaussian"."""
    drawn = PRIORS[prior](**(options or {"size": 4}))
    networks = {"generator": Ahead(drawn.size, 3 if told else 0)}
    if encoder:
        networks["encoder"] = Back(networks["generator"], encoder == "point")
    if moves:
        networks["prior"] = Elsewhere(3, drawn.size)
    conditions = Conditions(torch.eye(3), torch.ones(3, dtype=torch.float64)) if told else None
    frozen = nn.ModuleDict(networks).eval().requires_grad_(False)
    return Model(frozen, SPACE, drawn, CLASSES if told else None, conditions)
