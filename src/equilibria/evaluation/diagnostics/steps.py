"""Where optimizers go, against where gradients point."""

from .base import Pulls, Scene, Seen
from .gradients import size


def steps(scene: Scene) -> Seen:
    """The cosine of each player's step with minus its gradient: 1 for plain descent, below 0 uphill.

    Of the step that the optimizer, with the moments it has, would take along the gradient on one play. A critic whose
    cosine turned negative was the reason to give up momentum (Arjovsky et al. 2017, section 4).
    """
    return {name: cosine(step, scene.pulls[name]) for name, step in scene.steps.items()}


def strides(scene: Scene) -> Seen:
    """How far each player's step takes its weights, as a share of their norm: are the players equally fast?"""
    owned = {player.name: list(scene.game.parameters(player)) for player in scene.game.players}
    return {name: size(step) / max(size(owned[name]), 1e-12) for name, step in scene.steps.items()}


def cosine(step: Pulls, pulls: Pulls) -> float | None:
    """Of a step with minus a gradient; None where either is zero."""
    along = -sum(float((a * b).sum()) for a, b in zip(step, pulls, strict=True))
    norms = size(step) * size(pulls)
    return max(-1.0, min(1.0, along / norms)) if norms > 0 else None
