"""Whether the critic has said what it can: its estimate before and after some more moves."""

import torch

from ...games.game import Player
from .base import Scene, Seen

_MOVES, _PLAYS, _TINY = 10, 2, 1e-12


def burst(scene: Scene) -> Seen:
    """The critic's estimate of the distance, and that after `moves` moves of the critic alone: does it still grow?

    `before` and `after` are of held-out samples, the same both times; `growth` is the difference over the size of the
    first. A bound that a few moves of the critic raise by much was far from the distance it bounds: train the critic
    till optimality (Arjovsky et al. 2017, section 3). Penalties paid lazily are not paid meanwhile.
    """
    player = next((p for p in scene.game.players if p.estimate is not None), None)
    if player is None or scene.contest is None:
        return {}
    before = _estimate(scene, player)
    with scene.taken_back(player):
        for i in range(_MOVES):
            scene.step(player, scene.pull(player, scene.play(i)))
            scene.game.constrain(player)
        after = _estimate(scene, player)
    return {"before": before, "after": after, "moves": _MOVES, "growth": (after - before) / max(abs(before), _TINY)}


def _estimate(scene: Scene, player: Player) -> float:
    """The distance between held-out data and samples, as the player's loss says it."""
    assert player.estimate is not None
    with scene.game.only(player):
        losses = [player.loss(scene.unseen(i))["divergence"].detach() for i in range(_PLAYS)]
    return player.estimate(float(torch.stack(losses).mean()))
