"""Precision, recall, density, coverage and copies of training samples, by nearest neighbors."""

import math

import torch
from torch import Tensor

from ...data import Data
from ..neighbors import centered_rows, distance_chunks, nearest, radii
from .base import FOR_SHARES, PORTION, SHARE, Measurement, Measurements, Metric, SampleSets, Sizes, proportion

_COVERS = "below it nearly all real samples are covered, by whatever samples"


def precision_recall(data: Data, *, k: int = 3) -> Metric:
    """Shares of samples among data and of data among samples, by neighbors; 1 is best (Kynkaanniemi et al. 2019).

    `k` is the neighbor at the radius of a ball. Equal distributions stay below 1; standard errors are of the samples
    that are counted, with the balls fixed.
    """

    def measure(sets: SampleSets) -> Measurements:
        real, fake = centered_rows(sets.real, sets.fake)
        reach, own = radii(real, k), radii(fake, k)
        precise, covered = list[Tensor](), torch.zeros(len(real), dtype=torch.bool, device=real.device)
        for place, distances in distance_chunks(fake, real):
            precise.append((distances <= reach).any(dim=1))
            covered |= (distances <= own[place, None]).any(dim=0)
        return {"precision": _share(torch.cat(precise)), "recall": _share(covered)}

    better = {"precision": "higher", "recall": "higher"}
    ranges = dict.fromkeys(better, PORTION)
    return Metric(torch.no_grad()(measure), better=better, fewest=FOR_SHARES, reason=SHARE, cost=_cost, ranges=ranges)


def density_coverage(data: Data, *, k: int = 5) -> Metric:
    """Density of samples among data, and the share of data with a sample near it; 1 is best (Naeem et al. 2020).

    `k` is the neighbor at the radius of a ball around real samples. Density is 1 on average for equal distributions,
    and above it where samples crowd; coverage is then 1 - 1 / 2^k for many samples.
    """

    def measure(sets: SampleSets) -> Measurements:
        real, fake = centered_rows(sets.real, sets.fake)
        reach = radii(real, k)
        counts = [(distances < reach).sum(dim=1) for _, distances in distance_chunks(fake, real)]
        densities = torch.cat(counts).double() / k
        density = Measurement(float(densities.mean()), float(densities.std()) / math.sqrt(len(densities)))
        return {"density": density, "coverage": _share(nearest(real, fake)[0] < reach)}

    better = {"density": "neither", "coverage": "higher"}
    ranges = {"density": (0.0, math.inf), "coverage": PORTION}
    measure = torch.no_grad()(measure)
    return Metric(measure, better=better, fewest=2 * FOR_SHARES, reason=_COVERS, cost=_cost, ranges=ranges)


def _cost(sizes: Sizes) -> float:
    return sizes.distances(3 * sizes.count**2)


def _share(true: Tensor) -> Measurement:
    return proportion(float(true.double().mean()), len(true))


def memorization(data: Data) -> Metric:
    """Share of samples that are copies of training data, by nearest neighbors; 0 is best (after Meehan et al. 2020).

    For a model that has learned the distribution, a sample's nearest among K training and N held-out samples is a
    training sample with probability p = K / (K + N); for a copy it always is. If s is how often it is,
    (s - p) / (1 - p) are copies: 0 on average without any, 1 if all are. Samples that are farther from all real ones
    than half of the held-out data is from the training data are no copies. The ratio is that of the median distances
    of samples and of held-out data from the nearest training sample: 1 is best, and near 0 are copies. Samples with
    the same nearest neighbor are right or wrong together; the standard error accounts for it.
    """

    def measure(sets: SampleSets) -> Measurements:
        train, real, fake = centered_rows(sets.train, sets.real, sets.fake)
        to_train, train_index = nearest(fake, train)
        to_real, real_index = nearest(fake, real)
        usual = nearest(real, train)[0].median()
        near = torch.minimum(to_train, to_real) <= usual
        nearer = (to_train < to_real).double() + (to_train == to_real).double() / 2
        neighbor = torch.where(to_train < to_real, train_index, len(train) + real_index)
        ratio = float(to_train.median() / usual.clamp(min=torch.finfo(torch.float64).tiny))
        share = _copies(nearer[near], neighbor[near], len(train) / (len(train) + len(real)), len(fake))
        return {"memorization": share, "memorization_ratio": Measurement(ratio)}

    return Metric(
        torch.no_grad()(measure),
        better={"memorization_ratio": "neither"},
        ranges={"memorization": (-math.inf, 1.0), "memorization_ratio": (0.0, math.inf)},
        fewest=2 * FOR_SHARES,
        reason="the standard error of the share of copies is the root of the training samples, by this number",
        training="to find copies of them",
        cost=lambda sizes: sizes.distances(sizes.count * (sizes.count + 2 * sizes.training)),
    )


def _copies(nearer: Tensor, neighbor: Tensor, expected: float, count: int) -> Measurement:
    """The share of copies among `count` samples: those near real ones, (n,), with the index of their neighbor, (n,)."""
    if not len(nearer):
        return Measurement(0.0, 0.0)
    share, together = float(nearer.mean()), neighbor.bincount().double() / count
    error = math.sqrt(share * (1 - share) * float(together.square().sum())) / (1 - expected)
    return Measurement((share - expected) / (1 - expected) * len(nearer) / count, error)
