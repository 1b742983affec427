"""The critic: optimality, clipped weights, scores, gradient norms."""

import torch
from torch import Tensor

from ...core.types import Views
from ...games.contest import Contest
from ...games.game import Player
from ...games.play import Play
from ...games.weight_clipping import WeightClipping
from ...terms.gradients import input_gradient
from ...terms.penalties import between
from .base import GameState, Values

_STEPS, _PLAYS, _TINY = 10, 2, 1e-12
_NEAR = 0.99  # of the bound on the weights
_BINS = 20


def burst(state: GameState) -> Values:
    """The critic's estimate of the distance before and after `moves` more critic steps: does it still grow?

    `before` is measured after the critic's steps of a round; `after` is of the same held-out samples, `growth` the
    difference relative to the first. A bound that a few critic steps raise by much was far from the distance: train the
    critic till optimality (Arjovsky et al. 2017, section 3). Lazy penalties are left out in these steps.
    """
    player = next((p for p in state.game.players if p.estimate is not None), None)
    if player is None or state.contest is None:
        return {}
    turns = player.turns_at(state.play(0).step)
    with state.restoring(player):
        _train(state, player, range(turns))
        before = _estimate(state, player)
        _train(state, player, range(turns, turns + _STEPS))
        after = _estimate(state, player)
    return {"before": before, "after": after, "moves": _STEPS, "growth": (after - before) / max(abs(before), _TINY)}


def _train(state: GameState, player: Player, draws: range) -> None:
    for i in draws:
        state.step(player, state.gradient(player, state.play(i)))
        state.game.constrain(player)


def _estimate(state: GameState, player: Player) -> float:
    """The player's estimate of the distance between held-out data and samples."""
    assert player.estimate is not None
    with state.game.only(player):
        losses = [player.loss(state.held_out_play(i))["divergence"].detach() for i in range(_PLAYS)]
    return player.estimate(float(torch.stack(losses).mean()))


@torch.no_grad()
def clipped(state: GameState) -> Values:
    """The share of clipped weights at their bound: a critic with all weights there represents few functions.

    `bound` is that of the weights, `share` is of the clipped weights, those beyond .99 of the bound (Gulrajani et al.
    2017, figure 1b, where clipping pushes almost all weights there).
    """
    for player in state.game.players:
        if isinstance(clipping := player.constraint, WeightClipping):
            weights = [w for name in player.networks for w in clipping.weights(state.game.networks[name])]
            values = torch.cat([weight.flatten() for weight in weights])
            return {"bound": clipping.bound, "share": float((values.abs() > _NEAR * clipping.bound).float().mean())}
    return {}


@torch.no_grad()
def scores(state: GameState) -> Values:
    """The critic's scores of training, held-out and generated samples: has it memorized the data?

    `train`, `held_out` and `generated` are means, `deviation` is the pooled std within the three. `told_apart` is the
    share of pairs in which a training sample scores higher than a generated one (ties count half): 0.5 if the critic
    cannot separate them, 1 if it always can, and no longer teaches much (Arjovsky and Bottou 2017).
    `told_apart_held_out` is the same of held-out samples. `memorized` is the share of pairs in which a training sample
    scores higher than a held-out one: 0.5 unless the critic has learned the training samples themselves (Gulrajani et
    al. 2017, figure 5b; Karras et al. 2020, figure 1). If the critic scores other views, such as pairs or codes, the
    real side is made of training and of held-out samples, the fake side of training samples.
    """
    if (contest := state.contest) is None:
        return {}
    sides = [_sides(contest, state.play(i)) for i in range(state.batches)]
    real, fake = (torch.cat(side) for side in zip(*sides, strict=True))
    held_out = torch.cat([_sides(contest, state.held_out_play(i))[0] for i in range(state.batches)])
    groups = {"train": real, "held_out": held_out, "generated": fake}
    within = torch.cat([group - group.mean() for group in groups.values()])
    return {
        **{name: float(group.mean()) for name, group in groups.items()},
        "deviation": float(within.square().mean().sqrt()),
        "told_apart": higher(real, fake),
        "told_apart_held_out": higher(held_out, fake),
        "memorized": higher(real, held_out),
    }


def higher(these: Tensor, those: Tensor) -> float:
    """The share of pairs in which one of these is higher than one of those, ties counting half: of (N,) and (M,)."""
    apart = (these[:, None] - those[None]).sign().float()
    return float((apart.mean() + 1) / 2)


def _sides(contest: Contest, play: Play) -> tuple[Tensor, Tensor]:
    """Scores of both sides, each in a pass of its own: each (B,)."""
    duel = contest.duel(play)
    return duel.real_scores, duel.fake_scores


def gradient_norms(state: GameState) -> Values:
    """Norms of the critic's gradient between real and fake: one there for a critic of the Wasserstein distance.

    `mean`, `deviation` (std) and a histogram (`edges`, `counts`) of the norms at points drawn as the gradient penalty
    draws them, `from_one` is the mean distance of a norm from one (Gulrajani et al. 2017, proposition 1).
    `input_gradient_generated` is the mean norm at generated samples: what the generator learns from. A coupled critic
    has no gradient of its own at one sample; its norms are those of the sum of all scores.
    """
    if (contest := state.contest) is None:
        return {}
    between_views, at_samples = list[Tensor](), list[Tensor]()
    for play in map(state.play, range(_PLAYS)):
        with torch.no_grad():
            real, fake = contest.real(play), contest.fake(play)
        between_views.append(input_gradient_norms(contest, play, between(real, fake)))
        at_samples.append(input_gradient_norms(contest, play, fake))
    norms = torch.cat(between_views).cpu().double()
    top = max(float(norms.max()), _TINY) if norms.isfinite().all() else 1.0
    counts, edges = torch.histogram(norms, bins=_BINS, range=(0.0, top))
    return {
        "mean": float(norms.mean()),
        "deviation": float(norms.std(correction=0)),
        "from_one": float((norms - 1).abs().mean()),
        "edges": edges,
        "counts": counts,
        "input_gradient_generated": float(torch.cat(at_samples).mean()),
    }


def input_gradient_norms(contest: Contest, play: Play, views: Views) -> Tensor:
    """The norm of the critic's gradient at each row of the views: (B,)."""
    return torch.linalg.vector_norm(input_gradient(contest.scorer(play), views), dim=1).detach()
