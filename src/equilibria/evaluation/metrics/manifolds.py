"""Which samples lie where the others are, by balls around each that reach to a neighbour."""

import math

import torch
from torch import Tensor

from ...data import Data
from .base import Figure, Figures, Metric, Sets
from .distances import nearest, parted, radii, rows


def precision_recall(data: Data, *, k: int = 3) -> Metric:
    """Shares of samples among data and of data among samples, by neighbours; 1 is best (Kynkaanniemi et al. 2019).

    `k` is the neighbour that a ball reaches to. Equal distributions stay below 1; standard errors are of the samples
    that are counted, the balls held fixed.
    """

    def measure(sets: Sets) -> Figures:
        real, fake = rows(sets.real, sets.fake)
        reach, own = radii(real, k), radii(fake, k)
        found, covered = list[Tensor](), torch.zeros(len(real), dtype=torch.bool, device=real.device)
        for place, distances in parted(fake, real):
            found.append((distances <= reach).any(dim=1))
            covered |= (distances <= own[place, None]).any(dim=0)
        return {"precision": _share(torch.cat(found)), "recall": _share(covered)}

    return Metric(torch.no_grad()(measure), better={"precision": "higher", "recall": "higher"})


def density_coverage(data: Data, *, k: int = 5) -> Metric:
    """How densely samples lie among data, and the share of data that have one near; 1 is best (Naeem et al. 2020).

    `k` is the neighbour that a ball around real samples reaches to. Density is 1 on average for equal distributions,
    and above it where samples crowd; coverage is then 1 - 1 / 2^k for many.
    """

    def measure(sets: Sets) -> Figures:
        real, fake = rows(sets.real, sets.fake)
        reach = radii(real, k)
        counts = torch.cat([(distances < reach).sum(dim=1) for _, distances in parted(fake, real)]).double() / k
        density = Figure(float(counts.mean()), float(counts.std()) / math.sqrt(len(counts)))
        return {"density": density, "coverage": _share(nearest(real, fake)[0] < reach)}

    return Metric(torch.no_grad()(measure), better={"density": "neither", "coverage": "higher"})


def _share(true: Tensor) -> Figure:
    """How many of (N,) are true, with the standard error of a share."""
    share = float(true.double().mean())
    return Figure(share, math.sqrt(share * (1 - share) / len(true)))
