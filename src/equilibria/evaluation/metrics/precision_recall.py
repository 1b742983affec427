"""Precision, recall, density, coverage and copies of training samples, by nearest neighbors."""

import math

import torch
from torch import Tensor

from ...data import Data
from ..neighbors import centered_rows, distance_chunks, nearest, radii
from .base import Measurement, Measurements, Metric, SampleSets


def precision_recall(data: Data, *, k: int = 3) -> Metric:
    """Shares of samples among data and of data among samples, by neighbours; 1 is best (Kynkaanniemi et al. 2019).

    `k` is the neighbour that a ball reaches to. Equal distributions stay below 1; standard errors are of the samples
    that are counted, the balls held fixed.
    """

    def measure(sets: SampleSets) -> Measurements:
        real, fake = centered_rows(sets.real, sets.fake)
        reach, own = radii(real, k), radii(fake, k)
        found, covered = list[Tensor](), torch.zeros(len(real), dtype=torch.bool, device=real.device)
        for place, distances in distance_chunks(fake, real):
            found.append((distances <= reach).any(dim=1))
            covered |= (distances <= own[place, None]).any(dim=0)
        return {"precision": _share(torch.cat(found)), "recall": _share(covered)}

    return Metric(torch.no_grad()(measure), better={"precision": "higher", "recall": "higher"})


def density_coverage(data: Data, *, k: int = 5) -> Metric:
    """How densely samples lie among data, and the share of data that have one near; 1 is best (Naeem et al. 2020).

    `k` is the neighbour that a ball around real samples reaches to. Density is 1 on average for equal distributions,
    and above it where samples crowd; coverage is then 1 - 1 / 2^k for many.
    """

    def measure(sets: SampleSets) -> Measurements:
        real, fake = centered_rows(sets.real, sets.fake)
        reach = radii(real, k)
        counts = (
            torch.cat([(distances < reach).sum(dim=1) for _, distances in distance_chunks(fake, real)]).double() / k
        )
        density = Measurement(float(counts.mean()), float(counts.std()) / math.sqrt(len(counts)))
        return {"density": density, "coverage": _share(nearest(real, fake)[0] < reach)}

    return Metric(torch.no_grad()(measure), better={"density": "neither", "coverage": "higher"})


def _share(true: Tensor) -> Measurement:
    """How many of (N,) are true, with the standard error of a share."""
    share = float(true.double().mean())
    return Measurement(share, math.sqrt(share * (1 - share) / len(true)))


def memorization(data: Data) -> Metric:
    """Share of samples that are copies of training data, by nearest neighbours; 0 is best (after Meehan et al. 2020).

    Of a model that has learned the distribution, a sample's nearest among K training and N held-out samples is a
    training sample with probability p = K / (K + N), of a copy always. If s is how often it is, (s - p) / (1 - p)
    are copies: 0 on average without any, 1 if all are. Samples farther from all real ones than half of the held-out
    data are from the training data copy nothing, and count as none. The ratio is that of the median distances of
    samples and of held-out data from the nearest training sample: 1 is best, and near 0 are copies. Samples with the
    same nearest one are right or wrong together, which the error accounts for.
    """

    def measure(sets: SampleSets) -> Measurements:
        train, real, fake = centered_rows(sets.train, sets.real, sets.fake)
        (learned, places), (unseen, others), (usual, _) = (
            nearest(fake, train),
            nearest(fake, real),
            nearest(real, train),
        )
        near = torch.minimum(learned, unseen) <= usual.median()
        nearer = (learned < unseen).double() + (learned == unseen).double() / 2
        of = torch.where(learned < unseen, places, len(train) + others)
        ratio = float(learned.median() / usual.median().clamp(min=torch.finfo(torch.float64).tiny))
        share = _copies(nearer[near], of[near], len(train) / (len(train) + len(real)), len(fake))
        return {"memorization": share, "memorization_ratio": Measurement(ratio)}

    return Metric(torch.no_grad()(measure), better={"memorization_ratio": "neither"})


def _copies(nearer: Tensor, of: Tensor, expected: float, count: int) -> Measurement:
    """The share of copies among so many samples, of those near real ones, (n,), each the neighbour `of` one of them."""
    if not len(nearer):
        return Measurement(0.0, 0.0)
    share, together = float(nearer.mean()), of.bincount().double() / count
    error = math.sqrt(share * (1 - share) * float(together.square().sum())) / (1 - expected)
    return Measurement((share - expected) / (1 - expected) * len(nearer) / count, error)
