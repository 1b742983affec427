"""How steep the critic is."""

import torch
from torch import Tensor

from ...core.types import Views
from ...games.play import Play
from ...terms.gradients import input_gradient
from ...terms.penalties.samplers import between
from .base import Scene, Seen

_BINS, _PLAYS = 20, 2


def slopes(scene: Scene) -> Seen:
    """Norms of the critic's gradient between real and fake: a critic of the Wasserstein distance has slope one there.

    `mean`, `deviation` and a histogram (`edges`, `counts`) of the norms at points drawn as the gradient penalty draws
    them, `from_one` is the mean distance of a norm from one (Gulrajani et al. 2017, proposition 1).
    `input_gradient_generated` is the mean norm at generated samples: what the generator learns from. A critic that
    mixes the samples of a batch has no slope of its own at any of them; its norms are those of the sum of all scores.
    """
    contest = scene.contest
    if contest is None:
        return {}
    on_the_way, at_samples = list[Tensor](), list[Tensor]()
    for play in map(scene.play, range(_PLAYS)):
        with torch.no_grad():
            real, fake = contest.real(play), contest.fake(play)
        on_the_way.append(steepness(scene, play, between(real, fake)))
        at_samples.append(steepness(scene, play, fake))
    norms = torch.cat(on_the_way).cpu().double()
    top = max(float(norms.max()), 1e-12) if norms.isfinite().all() else 1.0
    counts, edges = torch.histogram(norms, bins=_BINS, range=(0.0, top))
    return {
        "mean": float(norms.mean()),
        "deviation": float(norms.std(correction=0)),
        "from_one": float((norms - 1).abs().mean()),
        "edges": edges,
        "counts": counts,
        "input_gradient_generated": float(torch.cat(at_samples).mean()),
    }


def steepness(scene: Scene, play: Play, views: Views) -> Tensor:
    """The norm of the critic's gradient at each row of the views: (B,)."""
    assert scene.contest is not None
    return torch.linalg.vector_norm(input_gradient(scene.contest.scorer(play), views), dim=1).detach()
