"""Whether encoder and generator undo each other."""

import torch
from torch import Tensor

from .base import Scene, Seen


@torch.no_grad()
def agreement(scene: Scene) -> Seen:
    """Distances of samples to their reconstructions, and of latents to what is read from their samples.

    `sample` is the mean distance of a held-out x and G(E(x)), `code` is that of a latent z and E(G(z)), each over the
    mean distance to another of the batch: 0 where encoder and generator are inverse, as those of an optimal BiGAN are
    (Donahue et al. 2017, theorem 2), about 1 where they have nothing to do with each other. The encoder answers by its
    mean.
    """
    networks = scene.game.networks
    if not scene.inverts or not {"encoder", "generator"} <= set(networks):
        return {}
    play = scene.unseen(0)
    restored = networks["generator"](play.posterior.mean, play.y)
    read = networks["encoder"](play.fake, play.y).mean
    return {"sample": _apart(play.x, restored), "code": _apart(play.z, read)}


def _apart(these: Tensor, those: Tensor) -> float:
    """The mean distance of pairs, over that of pairs which do not belong together: of (B, ...) and (B, ...)."""
    near, far = _mean_distance(these, those), _mean_distance(these, these.roll(1, dims=0))
    return float(near / far.clamp(min=1e-12))


def _mean_distance(one: Tensor, other: Tensor) -> Tensor:
    return (one - other).flatten(1).norm(dim=1).mean()
