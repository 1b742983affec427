"""The critic: optimality, clipped weights, scores, gradient norms."""

import torch
from torch import Tensor

from ...core.types import Views
from ...games.critic_player import WeightClipping
from ...games.game import Player
from ...games.play import Play
from ...terms.gradients import input_gradient
from ...terms.penalties import between
from .base import GameState, Values

_MOVES, _PLAYS, _TINY = 10, 2, 1e-12


def burst(state: GameState) -> Values:
    """The critic's estimate of the distance, and that after `moves` more moves of the critic: does it still grow?

    `before` is taken when the critic has had its turn against the samples of now; `after` is of the same held-out
    samples, `growth` the difference over the size of the first. A bound that a few moves of the critic raise by much
    was far from the distance it bounds: train the critic till optimality (Arjovsky et al. 2017, section 3). Penalties
    paid lazily are not paid meanwhile.
    """
    player = next((p for p in state.game.players if p.estimate is not None), None)
    if player is None or state.contest is None:
        return {}
    turns = player.turns_at(state.play(0).step)
    with state.restoring(player):
        _move(state, player, range(turns))
        before = _estimate(state, player)
        _move(state, player, range(turns, turns + _MOVES))
        after = _estimate(state, player)
    return {"before": before, "after": after, "moves": _MOVES, "growth": (after - before) / max(abs(before), _TINY)}


def _move(state: GameState, player: Player, places: range) -> None:
    """Let the critic move on these draws."""
    for i in places:
        state.step(player, state.gradient(player, state.play(i)))
        state.game.constrain(player)


def _estimate(state: GameState, player: Player) -> float:
    """The distance between held-out data and samples, as the player's loss says it."""
    assert player.estimate is not None
    with state.game.only(player):
        losses = [player.loss(state.held_out_play(i))["divergence"].detach() for i in range(_PLAYS)]
    return player.estimate(float(torch.stack(losses).mean()))


_NEAR = 0.99  # of the bound


@torch.no_grad()
def clipped(state: GameState) -> Values:
    """The share of clipped weights at their bound: a critic whose weights all lie there has little to say.

    `bound` is that of the weights, `share` is of the weights it bounds, those beyond .99 of it (Gulrajani et al. 2017,
    figure 1b, where clipping pushes almost all weights there).
    """
    for player in state.game.players:
        if isinstance(clipping := player.constraint, WeightClipping):
            weights = [w for name in player.networks for w in clipping.weights(state.game.networks[name])]
            values = torch.cat([weight.flatten() for weight in weights])
            return {"bound": clipping.bound, "share": float((values.abs() > _NEAR * clipping.bound).float().mean())}
    return {}


@torch.no_grad()
def scores(state: GameState) -> Values:
    """The critic's scores of training, held-out and generated samples: does it know the data by heart?

    `train`, `held_out` and `generated` are means, `deviation` is that within the three, pooled. `told_apart` is the
    share of pairs in which a training sample scores higher than a generated one (ties count half): 0.5 if the critic
    cannot tell, 1 if it always can, and no longer teaches much (Arjovsky and Bottou 2017). `told_apart_held_out` is the
    same of held-out samples. `memorized` is the share of pairs in which a training sample scores higher than a held-out
    one: 0.5 unless the critic has learned the training samples themselves (Gulrajani et al. 2017, figure 5b; Karras et
    al. 2020, figure 1). Of games whose critic sees other views, such as pairs or codes, the real side is scored as it
    is made of training and of held-out samples, the fake side as of training samples.
    """
    if state.contest is None:
        return {}
    sides = [_sides(state, state.play(i)) for i in range(state.batches)]
    real, fake = (torch.cat(side) for side in zip(*sides, strict=True))
    unseen = torch.cat([_sides(state, state.held_out_play(i))[0] for i in range(state.batches)])
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


def _sides(state: GameState, play: Play) -> tuple[Tensor, Tensor]:
    """Scores of both sides: each (B,)."""
    duel = state.duel(play)
    return duel.real_scores, duel.fake_scores


_BINS, _NORM_PLAYS = 20, 2


def gradient_norms(state: GameState) -> Values:
    """Norms of the critic's gradient between real and fake: a critic of the Wasserstein distance has slope one there.

    `mean`, `deviation` and a histogram (`edges`, `counts`) of the norms at points drawn as the gradient penalty draws
    them, `from_one` is the mean distance of a norm from one (Gulrajani et al. 2017, proposition 1).
    `input_gradient_generated` is the mean norm at generated samples: what the generator learns from. A critic that
    mixes the samples of a batch has no slope of its own at any of them; its norms are those of the sum of all scores.
    """
    contest = state.contest
    if contest is None:
        return {}
    on_the_way, at_samples = list[Tensor](), list[Tensor]()
    for play in map(state.play, range(_NORM_PLAYS)):
        with torch.no_grad():
            real, fake = contest.real(play), contest.fake(play)
        on_the_way.append(input_gradient_norms(state, play, between(real, fake)))
        at_samples.append(input_gradient_norms(state, play, fake))
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


def input_gradient_norms(state: GameState, play: Play, views: Views) -> Tensor:
    """The norm of the critic's gradient at each row of the views: (B,)."""
    assert state.contest is not None
    return torch.linalg.vector_norm(input_gradient(state.contest.scorer(play), views), dim=1).detach()
