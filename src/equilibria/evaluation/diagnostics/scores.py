"""What the critic makes of data it has seen, of data it has not, and of samples."""

import torch
from torch import Tensor

from ...games.play import Play
from .base import Scene, Seen


@torch.no_grad()
def scores(scene: Scene) -> Seen:
    """The critic's scores of training, held-out and generated samples: does it know the data by heart?

    `train`, `held_out` and `generated` are means, `deviation` is that within the three, pooled. `told_apart` is the
    share of pairs in which a training sample scores higher than a generated one (ties count half): 0.5 if the critic
    cannot tell, 1 if it always can, and no longer teaches much (Arjovsky and Bottou 2017). `told_apart_held_out` is the
    same of held-out samples. `memorized` is the share of pairs in which a training sample scores higher than a held-out
    one: 0.5 unless the critic has learned the training samples themselves (Gulrajani et al. 2017, figure 5b; Karras et
    al. 2020, figure 1). Of games whose critic sees other views, such as pairs or codes, the real side is scored as it
    is made of training and of held-out samples, the fake side as of training samples.
    """
    if scene.contest is None:
        return {}
    sides = [_sides(scene, scene.play(i)) for i in range(scene.plays)]
    real, fake = (torch.cat(side) for side in zip(*sides, strict=True))
    unseen = torch.cat([_sides(scene, scene.unseen(i))[0] for i in range(scene.plays)])
    groups = {"train": real, "held_out": unseen, "generated": fake}
    within = torch.cat([group - group.mean() for group in groups.values()])
    return {
        **{name: float(group.mean()) for name, group in groups.items()},
        "deviation": float(within.square().mean().sqrt()),
        "told_apart": higher(real, fake),
        "told_apart_held_out": higher(unseen, fake),
        "memorized": higher(real, unseen),
    }


def higher(these: Tensor, those: Tensor) -> float:
    """The share of pairs in which one of these is higher than one of those, ties counting half: of (N,) and (M,)."""
    apart = (these[:, None] - those[None]).sign().float()
    return float((apart.mean() + 1) / 2)


def _sides(scene: Scene, play: Play) -> tuple[Tensor, Tensor]:
    """Scores of both sides: each (B,)."""
    duel = scene.duel(play)
    return duel.real_scores, duel.fake_scores
