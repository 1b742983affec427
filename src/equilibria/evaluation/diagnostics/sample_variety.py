"""Variety of samples: modes covered, pairwise distances, nearest training samples."""

import torch
from torch import Tensor

from .. import neighbors
from ..metrics.wasserstein import sliced_wasserstein
from .base import GameState, Values

_ALIKE = 0.1  # of the data's mean distance to the nearest other: closer samples are copies
_NEAR = 3.0  # standard deviations
_RARE = 0.1  # of the share of held-out samples: with less, a class is missing
_NEIGHBOR = 3  # whose distance is the radius of a ball
_DIRECTIONS = 64  # of the sliced distance
_EXACT = 16  # values of a sample, up to which distances are exact


@torch.no_grad()
def diversity(state: GameState) -> Values:
    """Distances among generated samples against those among as many held-out ones: near 0 if all are alike.

    `generated` and `data` are mean distances of pairs, `ratio` is the first over the second. `nearest_ratio` is the
    same of distances to the nearest other. `copies` is the share of generated samples that have another within a tenth
    of the data's mean distance to the nearest other, `copies_data` is the same of held-out samples. Distances are
    Euclidean, of points or pixels.
    """
    count = min(len(state.fake), len(state.held_out))
    if count < 2:
        return {}
    mean, nearest = _among(state.fake[:count])
    mean_data, nearest_data = _among(state.held_out[:count])
    alike = _ALIKE * nearest_data.mean()
    return {
        "generated": float(mean),
        "data": float(mean_data),
        "ratio": float(mean / mean_data),
        "nearest_ratio": float(nearest.mean() / nearest_data.mean()),
        "copies": float((nearest <= alike).float().mean()),
        "copies_data": float((nearest_data <= alike).float().mean()),
    }


def distances(one: Tensor, other: Tensor) -> Tensor:
    """Euclidean distances: of (N, ...) and (M, ...), to (N, M)."""
    return neighbors.distances(one.flatten(1).float(), other.flatten(1).float(), one[0].numel() <= _EXACT)


def _among(x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean distance of pairs, (), and each row's distance to the nearest other, (N,)."""
    apart = distances(x, x)
    mean = apart.sum() / (len(x) * (len(x) - 1))
    return mean, apart.fill_diagonal_(torch.inf).min(dim=1).values


@torch.no_grad()
def coverage(state: GameState) -> Values:
    """Shares of generated samples by mode, or by class, and how many are missing: collapse onto some of them.

    With known modes `classes` are shares of the samples nearest to each mode, `missing` is the number of modes without
    a sample within three standard deviations, `high_quality` is the share of samples within that of some mode
    (Srivastava et al. 2017). With classes, a sample is counted for the class with the nearest mean, and a class is
    missing if its share is below a tenth of that of held-out samples: a coarse reading, wrong for about one digit in
    five. `of` is the number of modes or classes, `data` is the shares of held-out samples, counted alike, and
    `missing_data` is the number missing in as many held-out samples.
    """
    if state.centers is None or not len(state.fake):
        return {}
    count = min(len(state.fake), len(state.held_out))
    fake, held_out = state.fake, state.held_out[:count]
    shares, usual = _shares(state, fake, None), _shares(state, state.held_out, None)
    values: Values = {"classes": shares, "data": usual, "of": len(state.centers)}
    if state.std is None:
        return values | {"missing": _rare(shares, usual), "missing_data": _rare(_shares(state, held_out, None), usual)}
    reach = _NEAR * state.std
    near = distances(fake, state.centers).min(dim=1).values <= reach
    missing, missing_data = (int((_shares(state, x, reach) == 0).sum()) for x in (fake, held_out))
    return values | {"missing": missing, "missing_data": missing_data, "high_quality": float(near.float().mean())}


def _shares(state: GameState, x: Tensor, reach: float | None) -> Tensor:
    """The share of samples (N, ...) that are nearest to each center, and within its reach: (C,)."""
    assert state.centers is not None
    apart, nearest = distances(x, state.centers).min(dim=1)
    counted = nearest if reach is None else nearest[apart <= reach]
    return torch.bincount(counted, minlength=len(state.centers)).float() / max(len(x), 1)


def _rare(shares: Tensor, usual: Tensor) -> int:
    """The number of classes with much less than their usual share."""
    return int(((shares < _RARE * usual) & (usual > 0)).sum())


@torch.no_grad()
def nearest_neighbors(state: GameState) -> Values:
    """Distances of generated samples to the nearest of some training samples, and of as many held-out ones.

    `train` and `held_out` are means, `ratio` is the first over the second: about 1 for a generator that has learned the
    distribution, well below 1 for one that repeats the training samples. `nearer_train` is the share of generated
    samples that are nearer to a training sample than to any held-out one: one half, if none is repeated. `copied` is
    the mean distance of generated samples to the nearest of all training samples at hand, over that of held-out ones:
    with little held-out data, copies show only here (after Meehan et al. 2020).
    """
    count = min(len(state.train), len(state.held_out))
    if not count or not len(state.fake):
        return {}
    train, held_out = (distances(state.fake, x[:count]).min(dim=1).values for x in (state.train, state.held_out))
    few = state.held_out[: len(state.fake)]
    copied, fair = (float(distances(x, state.train).min(dim=1).values.mean()) for x in (state.fake, few))
    mean, mean_held_out = float(train.mean()), float(held_out.mean())
    return {
        "train": mean,
        "held_out": mean_held_out,
        "ratio": mean / max(mean_held_out, 1e-12),
        "nearer_train": float(((held_out - train).sign().float().mean() + 1) / 2),
        "copied": copied / max(fair, 1e-12),
    }


@torch.no_grad()
def likeness(state: GameState) -> Values:
    """How like held-out samples the generated ones are, next to as many training samples.

    `precision` is the share of generated samples within the distance of some held-out sample from its third nearest
    other, and `recall` is the same with the sides exchanged (Kynkaanniemi et al. 2019): of pixels or points, so samples
    that are noise, blurred or all alike have recall 0. `distance` is the sliced Wasserstein distance. `..._data` are
    those of training samples.
    """
    count = min(len(state.fake), len(state.held_out), len(state.train))
    if count <= _NEIGHBOR + 1:
        return {}
    real, values = state.held_out[:count], dict[str, float]()
    for name, x in {"": state.fake[:count], "_data": state.train[:count]}.items():
        apart, one, other = distances(x, real), _radii(x), _radii(real)
        values |= {
            f"precision{name}": float((apart <= other).any(dim=1).float().mean()),
            f"recall{name}": float((apart <= one[:, None]).any(dim=0).float().mean()),
            f"distance{name}": sliced_wasserstein(real, x, _DIRECTIONS),
        }
    return dict(values)


def _radii(x: Tensor) -> Tensor:
    """The distance of each row from its third nearest other: (N,)."""
    return distances(x, x).fill_diagonal_(0.0).topk(_NEIGHBOR + 1, dim=1, largest=False).values[:, -1]
