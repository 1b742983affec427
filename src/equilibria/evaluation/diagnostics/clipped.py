"""Where the clipped weights lie."""

import torch

from ...games.constraints import Clipping
from .base import Scene, Seen

_NEAR = 0.99  # of the bound


@torch.no_grad()
def clipped(scene: Scene) -> Seen:
    """The share of clipped weights at their bound: a critic whose weights all lie there has little to say.

    `bound` is that of the weights, `share` is of the weights it bounds, those beyond .99 of it (Gulrajani et al. 2017,
    figure 1b, where clipping pushes almost all weights there).
    """
    for player in scene.game.players:
        if isinstance(clipping := player.constraint, Clipping):
            weights = [w for name in player.moves for w in clipping.weights(scene.game.networks[name])]
            values = torch.cat([weight.flatten() for weight in weights])
            return {"bound": clipping.bound, "share": float((values.abs() > _NEAR * clipping.bound).float().mean())}
    return {}
