"""The contract of a penalty: shapes, gradient norms, the points where they are taken, and who receives its gradient."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ...core.seeding import reseed
from ...terms.divergences import DIVERGENCES
from ...terms.penalties import Duel
from ...toys.critics import SIZES, SmoothCritic, duel, linear_critic, noise
from ...toys.dirac import play_of, small_game, total_loss
from ..claims import Measurement
from . import Clause, Value, broken, close, compiled_equals_eager, holds, number, wrong_shape
from .penalty_laws import Build, every_batch_size, every_direction, law_of, one_coefficient_per_sample

_SAMPLE = (6,)
Gradients = Sequence[Tensor | None]


def _per_sample(build: Build) -> Measurement:
    for shape in (_SAMPLE, (2, 3, 3)):
        for count in reversed(SIZES):
            costs = build()(duel(SmoothCritic(torch.Size(shape).numel()), count, shape))
            if costs.shape != (count,):
                return wrong_shape("the penalty", f"a batch of {count} samples {shape} gives", costs, count)
            if costs.min() < 0:
                return broken(costs.min(), f"the penalty is negative: the lowest cost is {number(costs.min())}.")
    return holds("(B,)")


def _independent(build: Build) -> Measurement:
    changed = noise(8, 1, _SAMPLE)
    changed[3] = changed[3].roll(1)  # the mean and the std of the batch stay the same
    before, after = _costs(build, noise(8, 1, _SAMPLE)), _costs(build, changed)
    if before.ndim != 1:
        return holds("reduced")
    change = float((after - before).abs()[[i for i in range(8) if i != 3]].max().detach())
    if change > 1e-9:
        fault = f"changing one real sample changes another sample's cost by {number(change)}"
        return broken(change, f"a sample's cost depends on the rest of the batch: {fault}.")
    return holds("0")


def _costs(build: Build, real: Tensor) -> Tensor:
    reseed(0)
    return build()(Duel(SmoothCritic(6), (real,), (noise(8, 2, _SAMPLE),)))


def _reaches_critic(build: Build) -> Measurement:
    for scale in (1.0, 100.0):  # a one-sided penalty ignores small gradient norms, but not large ones
        names, gradients, by_graph, by_differences = _derivatives(build, scale)
        is_zero = all(g is None or not g.any() for g in gradients)
        if not is_zero or abs(by_differences) > 1e-9:
            break
    else:
        return holds("0 of 0")
    if is_zero:
        fault = "the penalty's gradient for the critic's weights is zero, where finite differences say"
        remedy = "take gradients with create_graph=True (equilibria.terms.gradients)"
        return broken("none", f"without graph: {fault} {number(by_differences)}: {remedy}.")
    if missing := ", ".join(name for name, g in zip(names, gradients, strict=True) if g is None):
        return broken(missing, f"the penalty does not reach the critic's {missing}.")
    if not close(by_graph, by_differences, 1e-5):
        fault = f"{number(by_graph)} in a direction where finite differences say {number(by_differences)}"
        return broken(by_graph, f"the penalty's gradient for the critic's weights is {fault}: part of it is detached.")
    return holds(f"{number(by_graph)} of {number(by_differences)}")


def _derivatives(build: Build, scale: float) -> tuple[list[str], Gradients, float, float]:
    """Names and gradients of a critic's weights, and the derivative in a direction by graph and finite differences."""

    def mean_cost(critic: SmoothCritic, shift: float) -> Tensor:
        with torch.no_grad():
            critic.last.weight *= scale
            for weight, step in zip(critic.parameters(), direction, strict=True):
                weight.add_(shift * step)
        reseed(0)
        return build()(duel(critic, 16, _SAMPLE)).mean()

    critic = SmoothCritic(6)
    names, weights = [name for name, _ in critic.named_parameters()], list(critic.parameters())
    direction = [torch.randn_like(w) for w in weights]
    cost = mean_cost(critic, 0.0)
    gradients: Gradients = [None] * len(weights)
    if cost.requires_grad:
        gradients = torch.autograd.grad(cost, weights, allow_unused=True)
    by_graph = sum(float((g * d).sum()) for g, d in zip(gradients, direction, strict=True) if g is not None)
    higher, lower = (mean_cost(SmoothCritic(6), shift).detach() for shift in (1e-5, -1e-5))
    return names, gradients, by_graph, float(higher - lower) / 2e-5


def _spares_generator(build: Build) -> Measurement:
    game = small_game(DIVERGENCES["minimax"](), {"penalty": build()})
    critic, _ = game.players
    with game.only(critic):
        total_loss(critic, play_of(game)).backward()
    norms = [p.grad.norm() for p in game.networks["generator"].parameters() if p.grad is not None and p.grad.any()]
    if not norms:
        return holds("0")
    return broken(norms[0], f"the penalty reaches the generator in the critic's step: {number(norms[0])}.")


def _finite(build: Build) -> Measurement:
    for norm in (0.0, 1e-3, 1e3):
        direction = torch.full(_SAMPLE, norm / 6**0.5).requires_grad_()
        real, fake = (noise(8, seed, _SAMPLE).float() for seed in (1, 2))
        cost = build()(Duel(linear_critic(direction), (real,), (fake,))).mean()
        gradient = torch.autograd.grad(cost, direction, allow_unused=True)[0] if cost.requires_grad else None
        at = f"of a critic with gradient norm {number(norm)} is not finite"
        if not cost.isfinite():
            return broken("not finite", f"the cost {at}.")
        if gradient is not None and not gradient.isfinite().all():
            hint = "; the root of a sum of squares has no derivative at 0" if norm == 0 else ""
            return broken("not finite", f"the gradient {at}{hint}.")
    return holds("finite")


def _weight_as_stated(build: Build) -> Measurement:
    law, weight = law_of(build), getattr(build, "weight", None)
    if law is None or weight is None:
        return holds("none stated" if weight is None else "not a function of the norm")
    if any(close(law.weight, w) for w in ((weight, weight / 2) if law.formula.startswith("norm^") else (weight,))):
        return holds(f"{number(law.weight)} {law.formula}")
    cost, stated = law.cost(2.0), law.cost(2.0) * weight / law.weight
    return broken(
        law.weight,
        f"the weight is {number(law.weight)}, where {number(weight)} is stated: a critic with gradient norm 2 costs "
        f"{number(cost)}, and {number(weight)} {law.formula} is {number(stated)}.",
    )


def _compiled(build: Build) -> Measurement:
    critic, real, fake = SmoothCritic(6), noise(8, 1, _SAMPLE), noise(8, 2, _SAMPLE)

    def fresh() -> Value:
        penalty = build()
        return lambda: penalty(Duel(critic, (real,), (fake,))).mean()

    return compiled_equals_eager(fresh, critic.parameters(), "the penalty")


_GP = "Gulrajani et al. (2017)"
PENALTY_CONTRACT = (
    Clause("one cost per sample, never negative, at batch sizes 1, 16 and 64", "definition", "(B,)", _per_sample),
    Clause("a gradient norm costs the same in every direction", _GP, "all alike", every_direction),
    Clause("a gradient norm costs the same at every batch size", _GP, "the same", every_batch_size),
    Clause("the samples of a batch are independent", _GP, "0", _independent, (every_batch_size,)),
    Clause("points between real and fake have a coefficient each", _GP, "one a sample", one_coefficient_per_sample),
    Clause("the weight is as stated", "definition", "as stated", _weight_as_stated),
    Clause("the critic's weights receive the gradient of finite differences", "calculus", "equal", _reaches_critic),
    Clause("the generator receives no gradient", "definition", "0", _spares_generator),
    Clause("cost and gradient are finite for flat and steep critics", "numerics", "finite", _finite),
    Clause("compiled equals eager (aot_eager)", "definition", "equal", _compiled, (_reaches_critic,)),
)
