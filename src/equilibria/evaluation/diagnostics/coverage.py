"""Which modes or classes samples reach."""

import torch
from torch import Tensor

from .base import Scene, Seen
from .diversity import distances

_NEAR = 3.0  # deviations
_FEW = 0.1  # of the share that held-out samples have: fewer, and a class is missing


@torch.no_grad()
def coverage(scene: Scene) -> Seen:
    """Shares of generated samples by mode, or by class, and how many are missing: collapse onto some of them.

    Of data whose modes are known `classes` are shares of the samples nearest to each mode, `missing` is how many modes
    have no sample within three deviations, `high_quality` is the share of samples that are within that of some mode
    (Srivastava et al. 2017). Of other data with classes, a sample is counted to the class whose mean is nearest, and a
    class is missing if its share is below a tenth of that of held-out samples: a coarse reading, wrong for about one
    digit in five. `of` is how many there are, `data` is the shares of held-out samples, counted alike, and
    `missing_data` is how many of as many held-out samples miss.
    """
    if scene.centres is None or not len(scene.fake):
        return {}
    count = min(len(scene.fake), len(scene.held_out))
    fake, held_out = scene.fake, scene.held_out[:count]
    shares, usual = _shares(scene, fake, None), _shares(scene, scene.held_out, None)
    found: dict[str, object] = {"classes": shares, "data": usual, "of": len(scene.centres)}
    if scene.deviation is None:
        return found | {"missing": _fewer(shares, usual), "missing_data": _fewer(_shares(scene, held_out, None), usual)}
    reach = _NEAR * scene.deviation
    near = distances(fake, scene.centres).min(dim=1).values <= reach
    missing, missing_data = (int((_shares(scene, x, reach) == 0).sum()) for x in (fake, held_out))
    return found | {"missing": missing, "missing_data": missing_data, "high_quality": float(near.float().mean())}


def _shares(scene: Scene, x: Tensor, reach: float | None) -> Tensor:
    """The share of samples that are nearest to each centre, and within its reach: (C,)."""
    assert scene.centres is not None
    apart, nearest = distances(x, scene.centres).min(dim=1)
    counted = nearest if reach is None else nearest[apart <= reach]
    return torch.bincount(counted, minlength=len(scene.centres)).float() / max(len(x), 1)


def _fewer(shares: Tensor, usual: Tensor) -> int:
    """How many classes have much less than their usual share."""
    return int(((shares < _FEW * usual) & (usual > 0)).sum())
