"""Whether the generator repeats what it has seen."""

import torch

from .base import Scene, Seen
from .diversity import distances


@torch.no_grad()
def neighbours(scene: Scene) -> Seen:
    """Distances of generated samples to the nearest of some training samples, and of as many held-out ones.

    `train` and `held_out` are means, `ratio` is the first over the second: about 1 of a generator that has learned the
    distribution, well below 1 of one that repeats the training samples. `nearer_train` is the share of generated
    samples that are nearer to a training sample than to any held-out one: one half, if none is repeated. `copied` is
    the mean distance of generated samples to the nearest of all training samples that are looked at, over that of
    held-out ones: small sets, of which little is held out, show copies only here (after Meehan et al. 2020).
    """
    count = min(len(scene.train), len(scene.held_out))
    if not count or not len(scene.fake):
        return {}
    train, held_out = (distances(scene.fake, x[:count]).min(dim=1).values for x in (scene.train, scene.held_out))
    few = scene.held_out[: len(scene.fake)]
    copied, fair = (distances(x, scene.train).min(dim=1).values.mean() for x in (scene.fake, few))
    nearer = ((held_out - train).sign().float().mean() + 1) / 2
    means = float(train.mean()), float(held_out.mean())
    return {
        "train": means[0],
        "held_out": means[1],
        "ratio": means[0] / max(means[1], 1e-12),
        "nearer_train": float(nearer),
        "copied": float(copied) / max(float(fair), 1e-12),
    }
