"""Whether the critic has said what it can: its estimate before and after some more moves."""

import torch

from ...games.game import Player
from .base import Scene, Seen

_MOVES, _PLAYS, _TINY = 10, 2, 1e-12


def burst(scene: Scene) -> Seen:
    """The critic's estimate of the distance, and that after `moves` more moves of the critic: does it still grow?

    `before` is taken when the critic has had its turn against the samples of now; `after` is of the same held-out
    samples, `growth` the difference over the size of the first. A bound that a few moves of the critic raise by much
    was far from the distance it bounds: train the critic till optimality (Arjovsky et al. 2017, section 3). Penalties
    paid lazily are not paid meanwhile.
    """
    player = next((p for p in scene.game.players if p.estimate is not None), None)
    if player is None or scene.contest is None:
        return {}
    turns = player.turns_at(scene.play(0).step)
    with scene.taken_back(player):
        _move(scene, player, range(turns))
        before = _estimate(scene, player)
        _move(scene, player, range(turns, turns + _MOVES))
        after = _estimate(scene, player)
    return {"before": before, "after": after, "moves": _MOVES, "growth": (after - before) / max(abs(before), _TINY)}


def _move(scene: Scene, player: Player, places: range) -> None:
    """Let the critic move on these draws."""
    for i in places:
        scene.step(player, scene.pull(player, scene.play(i)))
        scene.game.constrain(player)


def _estimate(scene: Scene, player: Player) -> float:
    """The distance between held-out data and samples, as the player's loss says it."""
    assert player.estimate is not None
    with scene.game.only(player):
        losses = [player.loss(scene.unseen(i))["divergence"].detach() for i in range(_PLAYS)]
    return player.estimate(float(torch.stack(losses).mean()))
