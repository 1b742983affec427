"""How far the averaged generator lags behind."""

import torch
from torch import Tensor, nn

from ...games.play import Play
from .base import Scene, Seen
from .gradients import size


@torch.no_grad()
def average(scene: Scene) -> Seen:
    """The averaged generator's distance from the playing one, in weights and in what it draws.

    `gap` is the norm of the difference of their weights over that of the playing one's, `output` is the root mean
    square difference of their samples from the same latents over the deviation of the playing one's samples: where it
    is near the root of two, an average remembers another model.
    """
    if "generator" not in scene.averaged:
        return {}
    fast, slow = scene.game.networks["generator"], scene.averaged["generator"]
    playing, lagging = list[Tensor](fast.parameters()), list[Tensor](slow.parameters())
    play = scene.play(0)
    drawn = play.fake
    kept = _drawn(scene.averaged, play)
    spread = (drawn - drawn.mean(dim=0)).square().mean().sqrt()
    return {
        "gap": size(torch._foreach_sub(lagging, playing)) / max(size(playing), 1e-12),
        "output": float((kept - drawn).square().mean().sqrt() / spread.clamp(min=1e-12)),
    }


def _drawn(networks: nn.ModuleDict, play: Play) -> Tensor:
    """What these networks make of the latents of a play: (B, *sample)."""
    return networks["generator"](play.z, play.y)
