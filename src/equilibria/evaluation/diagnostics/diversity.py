"""How different samples are from each other."""

import torch
from torch import Tensor

from .base import Scene, Seen

_ALIKE = 0.1  # of the data's mean distance to the nearest other: closer ones are copies


@torch.no_grad()
def diversity(scene: Scene) -> Seen:
    """Distances among generated samples against those among as many held-out ones: near 0 where all look the same.

    `generated` and `data` are mean distances of pairs, `ratio` is the first over the second. `nearest_ratio` is the
    same of distances to the nearest other. `copies` is the share of generated samples that have another within a tenth
    of the data's mean distance to the nearest other, `copies_data` is the same of held-out samples. Distances are
    Euclidean, of points or pixels.
    """
    count = min(len(scene.fake), len(scene.held_out))
    if count < 2:
        return {}
    among, nearest = _distances(scene.fake[:count])
    among_data, nearest_data = _distances(scene.held_out[:count])
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
