"""What every penalty keeps: shapes, whose slope is measured, where, and whom its gradient reaches."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...core.seeding import reseed
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import Duel
from ..claims import Answer
from ..toys.critics import SIZES, Curved, duel, noise, straight
from ..toys.dirac import play_of, small_game
from .base import Promise, compiled_equals_eager, misshapen, no, number, yes
from .penalty_laws import Maker, every_batch, law_of, one_share_a_sample, one_slope

_SAMPLE = (6,)


def per_sample(make: Maker) -> Answer:
    """A duel of B samples gives B costs."""
    for shape in (_SAMPLE, (2, 3, 3)):
        for count in reversed(SIZES):
            found = make()(duel(Curved(torch.Size(shape).numel()), count, shape))
            if found.shape != (count,):
                return misshapen("the penalty", f"a batch of {count} samples {shape} gives", found, count)
            if found.min() < 0:
                return no(number(found.min()), f"the penalty pays back: the least cost is {number(found.min())}.")
    return yes("(B,)")


def own(make: Maker) -> Answer:
    """The cost of a sample does not change with its batch mates."""
    before = _costs(make, noise(8, 1, _SAMPLE))
    changed = noise(8, 1, _SAMPLE)
    changed[3] = changed[3].roll(1)  # the batch's numbers stay the same, and with them its mean and deviation
    if before.ndim != 1:
        return yes("reduced")
    moved = (_costs(make, changed) - before).abs()
    if (most := float(moved[[i for i in range(8) if i != 3]].max().detach())) > 1e-9:
        return no(
            number(most),
            f"a sample's cost depends on its batch mates: changing one real sample moves another's by {number(most)}.",
        )
    return yes("0")


def _costs(make: Maker, real: Tensor) -> Tensor:
    reseed(0)
    return make()(Duel(Curved(6), (real,), (noise(8, 2, _SAMPLE),)))


def felt(make: Maker) -> Answer:
    """The critic's weights feel the price: its gradient is what finite differences say (float64)."""
    critic = Curved(6)
    weights, steps = list(critic.parameters()), [torch.randn_like(w) for w in critic.parameters()]

    def price(shift: float) -> Tensor:
        moved = Curved(6)
        with torch.no_grad():
            for weight, origin, step in zip(moved.parameters(), weights, steps, strict=True):
                weight.copy_(origin + shift * step)
        reseed(0)
        return make()(duel(moved, 16, _SAMPLE)).mean()

    reseed(0)
    found = make()(duel(critic, 16, _SAMPLE)).mean()
    slopes = torch.autograd.grad(found, weights, allow_unused=True) if found.requires_grad else [None] * len(weights)
    felt = float(sum((g * s).sum() for g, s in zip(slopes, steps, strict=True) if g is not None))
    true = float((price(1e-5) - price(-1e-5)).detach()) / 2e-5
    if all(g is None or not g.any() for g in slopes):
        return no(
            "no gradient",
            f"without graph: the penalty's gradient for the critic's weights is zero, where finite differences say "
            f"{number(true)}: the slope must be taken with create_graph=True (equilibria.terms.gradients).",
        )
    if missing := [name for (name, _), g in zip(critic.named_parameters(), slopes, strict=True) if g is None]:
        return no(", ".join(missing), f"the penalty does not reach the critic's {', '.join(missing)}.")
    if abs(felt - true) > 1e-5 * (1 + abs(true)):
        return no(
            number(felt),
            f"the penalty's gradient for the critic's weights is {number(felt)} along a direction in which finite "
            f"differences say {number(true)}: part of it is detached.",
        )
    return yes(f"{number(felt)} of {number(true)}")


def spared(make: Maker) -> Answer:
    """In the critic's move the generator that made the fake samples does not feel it."""
    game = small_game(DIVERGENCES["minimax"](), {"penalty": make()})
    critic, _ = game.players
    with game.only(critic):
        torch.stack(list(critic.loss(play_of(game)).values())).sum().backward()
    reached = [p.grad.norm() for p in game.networks["generator"].parameters() if p.grad is not None and p.grad.any()]
    if not reached:
        return yes("0")
    return no(number(reached[0]), f"the penalty reaches the generator in the critic's move: {number(reached[0])}.")


def finite(make: Maker) -> Answer:
    """Flat and steep critics have a price, and a gradient (float32)."""
    for slope in (0.0, 1e-3, 1e3):
        direction = torch.full(_SAMPLE, slope / 6**0.5).requires_grad_()
        real, fake = (noise(8, seed, _SAMPLE).float() for seed in (1, 2))
        cost = make()(Duel(straight(direction), (real,), (fake,))).mean()
        gradient = torch.autograd.grad(cost, direction, allow_unused=True)[0] if cost.requires_grad else None
        for what, found in (("price", cost), ("gradient", torch.zeros(1) if gradient is None else gradient)):
            if not found.isfinite().all():
                hint = "; the root of a sum of squares has no slope at 0" if slope == 0 and what == "gradient" else ""
                return no("not finite", f"the {what} of a critic of slope {number(slope)} is not finite{hint}.")
    return yes("finite")


def weighted(make: Maker) -> Answer:
    """The weight that is said is the weight that is paid: for slope^2, half of it, too (R1's convention)."""
    law, said = law_of(make), getattr(make, "weight", None)
    if law is None or said is None:
        return yes("none said" if said is None else "not a law of slopes")
    allowed = [said, said / 2] if law.words.startswith("slope^") else [said]
    if any(abs(law.weight - w) < 1e-6 * (1 + abs(w)) for w in allowed):
        return yes(f"{number(law.weight)} {law.words}")
    return no(
        number(law.weight),
        f"the weight is {number(law.weight)}, where {number(said)} is said: a critic of slope 2 pays "
        f"{number(law.price(2.0))}, and {number(said)} {law.words} is {number(law.price(2.0) * said / law.weight)}.",
    )


def compiled(make: Maker) -> Answer:
    """The price and its gradient, compiled as one graph, are Python's."""
    critic, real, fake = Curved(6), noise(8, 1, _SAMPLE), noise(8, 2, _SAMPLE)

    def fresh() -> Callable[[], Tensor]:
        penalty = make()
        return lambda: penalty(Duel(critic, (real,), (fake,))).mean()

    return compiled_equals_eager(fresh, critic.parameters(), "the penalty")


_GP = "Gulrajani et al. 2017"
_SHAPE = "one cost per sample, never negative, at batches of 1, 16 and 64"
_FELT = "the critic's weights feel it as finite differences say"
_BATCH = "a critic of one slope pays the same at every batch size"
PENALTY_PROMISES = (
    Promise(_SHAPE, "definition", "(B,)", per_sample),
    Promise("a slope costs the same in every direction", _GP, "all alike", one_slope),
    Promise(_BATCH, _GP, "the same", every_batch),
    Promise("a sample's cost is its own", _GP, "0", own, (_BATCH,)),
    Promise("points between real and fake have one coefficient a sample", _GP, "one a sample", one_share_a_sample),
    Promise("the weight is what it says", "definition", "as said", weighted),
    Promise(_FELT, "calculus", "equal", felt),
    Promise("the generator does not feel it", "definition", "0", spared),
    Promise("price and gradient are finite for flat and steep critics", "numerics", "finite", finite),
    Promise("compiled equals eager (aot_eager)", "definition", "equal", compiled, (_FELT,)),
)
