"""Variety of samples: modes covered, pairwise distances, nearest training samples."""

import torch
from torch import Tensor

from .base import GameState, Values

_ALIKE = 0.1  # of the data's mean distance to the nearest other: closer ones are copies


@torch.no_grad()
def diversity(state: GameState) -> Values:
    """Distances among generated samples against those among as many held-out ones: near 0 where all look the same.

    `generated` and `data` are mean distances of pairs, `ratio` is the first over the second. `nearest_ratio` is the
    same of distances to the nearest other. `copies` is the share of generated samples that have another within a tenth
    of the data's mean distance to the nearest other, `copies_data` is the same of held-out samples. Distances are
    Euclidean, of points or pixels.
    """
    count = min(len(state.fake), len(state.held_out))
    if count < 2:
        return {}
    among, nearest = _distances(state.fake[:count])
    among_data, nearest_data = _distances(state.held_out[:count])
    alike = _ALIKE * nearest_data.mean()
    return {
        "generated": float(among),
        "data": float(among_data),
        "ratio": float(among / among_data),
        "nearest_ratio": float(nearest.mean() / nearest_data.mean()),
        "copies": float((nearest <= alike).float().mean()),
        "copies_data": float((nearest_data <= alike).float().mean()),
    }


def distances(one: Tensor, other: Tensor) -> Tensor:
    """Euclidean ones, exactly: of (N, ...) and (M, ...), to (N, M)."""
    exactly = "donot_use_mm_for_euclid_dist" if one[0].numel() <= 16 else "use_mm_for_euclid_dist"
    return torch.cdist(one.flatten(1).float(), other.flatten(1).float(), compute_mode=exactly)


def _distances(x: Tensor) -> tuple[Tensor, Tensor]:
    """The mean over pairs, (), and each one's to the nearest other, (N,)."""
    apart = distances(x, x)
    mean = apart.sum() / (len(x) * (len(x) - 1))
    return mean, apart.fill_diagonal_(torch.inf).min(dim=1).values


_NEAR = 3.0  # deviations
_FEW = 0.1  # of the share that held-out samples have: fewer, and a class is missing


@torch.no_grad()
def coverage(state: GameState) -> Values:
    """Shares of generated samples by mode, or by class, and how many are missing: collapse onto some of them.

    Of data whose modes are known `classes` are shares of the samples nearest to each mode, `missing` is how many modes
    have no sample within three deviations, `high_quality` is the share of samples that are within that of some mode
    (Srivastava et al. 2017). Of other data with classes, a sample is counted to the class whose mean is nearest, and a
    class is missing if its share is below a tenth of that of held-out samples: a coarse reading, wrong for about one
    digit in five. `of` is how many there are, `data` is the shares of held-out samples, counted alike, and
    `missing_data` is how many of as many held-out samples miss.
    """
    if state.centers is None or not len(state.fake):
        return {}
    count = min(len(state.fake), len(state.held_out))
    fake, held_out = state.fake, state.held_out[:count]
    shares, usual = _shares(state, fake, None), _shares(state, state.held_out, None)
    found: dict[str, object] = {"classes": shares, "data": usual, "of": len(state.centers)}
    if state.std is None:
        return found | {"missing": _fewer(shares, usual), "missing_data": _fewer(_shares(state, held_out, None), usual)}
    reach = _NEAR * state.std
    near = distances(fake, state.centers).min(dim=1).values <= reach
    missing, missing_data = (int((_shares(state, x, reach) == 0).sum()) for x in (fake, held_out))
    return found | {"missing": missing, "missing_data": missing_data, "high_quality": float(near.float().mean())}


def _shares(state: GameState, x: Tensor, reach: float | None) -> Tensor:
    """The share of samples that are nearest to each centre, and within its reach: (C,)."""
    assert state.centers is not None
    apart, nearest = distances(x, state.centers).min(dim=1)
    counted = nearest if reach is None else nearest[apart <= reach]
    return torch.bincount(counted, minlength=len(state.centers)).float() / max(len(x), 1)


def _fewer(shares: Tensor, usual: Tensor) -> int:
    """How many classes have much less than their usual share."""
    return int(((shares < _FEW * usual) & (usual > 0)).sum())


@torch.no_grad()
def nearest_neighbors(state: GameState) -> Values:
    """Distances of generated samples to the nearest of some training samples, and of as many held-out ones.

    `train` and `held_out` are means, `ratio` is the first over the second: about 1 of a generator that has learned the
    distribution, well below 1 of one that repeats the training samples. `nearer_train` is the share of generated
    samples that are nearer to a training sample than to any held-out one: one half, if none is repeated. `copied` is
    the mean distance of generated samples to the nearest of all training samples that are looked at, over that of
    held-out ones: small sets, of which little is held out, show copies only here (after Meehan et al. 2020).
    """
    count = min(len(state.train), len(state.held_out))
    if not count or not len(state.fake):
        return {}
    train, held_out = (distances(state.fake, x[:count]).min(dim=1).values for x in (state.train, state.held_out))
    few = state.held_out[: len(state.fake)]
    copied, fair = (distances(x, state.train).min(dim=1).values.mean() for x in (state.fake, few))
    nearer = ((held_out - train).sign().float().mean() + 1) / 2
    means = float(train.mean()), float(held_out.mean())
    return {
        "train": means[0],
        "held_out": means[1],
        "ratio": means[0] / max(means[1], 1e-12),
        "nearer_train": float(nearer),
        "copied": float(copied) / max(float(fair), 1e-12),
    }
