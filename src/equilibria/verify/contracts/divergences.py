"""The contract of a divergence: signs, bounds, and samples that do not depend on each other."""

from collections.abc import Callable, Iterator
from functools import partial

import torch
from torch import Tensor

from ...terms.divergences import Divergence, Loss
from ...toys.critics import SIZES
from ..claims import Measurement
from . import Clause, Value, broken, compiled_equals_eager, holds, number, wrong_shape

Build = Callable[[], Divergence]
_POINTS = torch.linspace(-2, 2, 41, dtype=torch.float64)


def _critic_signs(build: Build) -> Measurement:
    divergence = build()
    real, fake = best_scores(divergence)
    if real < fake:
        fault = f"it is lowest at real score {number(real)} and fake score {number(fake)}; scores must be high for real"
        return broken("swapped", f"signs swapped in the critic's loss: {fault}.")
    if real == fake:
        return broken("flat", "the critic's loss does not separate real from fake: no scores in -3...3 lower it.")
    by_real, by_fake, _ = _derivatives(divergence, real, fake)
    values = f"derivatives {number(by_real)}, {number(by_fake)}"
    if by_real < 0 < by_fake:
        return holds(values)
    return broken(values, f"the critic's loss gives no direction: {values} in real and fake scores must be -, +.")


def _generator_sign(build: Build) -> Measurement:
    divergence = build()
    _, by_critic, by_generator = _derivatives(divergence, *best_scores(divergence))
    value = f"derivative {number(by_generator)}"
    if by_generator < 0:
        return holds(value)
    if by_generator == 0:
        return broken(value, "the generator's loss does not depend on the fake scores: the generator learns nothing.")
    derivatives = f"derivatives {number(by_critic)}, {number(by_generator)}"
    return broken(value, f"the generator pulls the wrong way: both losses rise with fake scores ({derivatives}).")


def best_scores(divergence: Divergence) -> tuple[float, float]:
    """The real and the fake score, each between -3 and 3, of least loss; of ties, the two that lie closest."""
    real, fake = torch.cartesian_prod(*[torch.linspace(-3, 3, 31, dtype=torch.float64)] * 2).T
    with torch.no_grad():
        losses = torch.stack([divergence.critic(r[None], f[None]).sum() for r, f in zip(real, fake, strict=True)])
    best = torch.where(losses <= losses.min() + 1e-12, (real - fake).abs(), torch.inf).argmin()
    return float(real[best]), float(fake[best])


def _derivatives(divergence: Divergence, real: float, fake: float) -> tuple[float, float, float]:
    """Of the critic's loss in the real and the fake score, and of the generator's in the fake one.

    They are taken a quarter of the way inwards from the best scores: at the optimum of a zero-sum game all vanish.
    """
    inwards = (real - fake) / 4
    scores = torch.tensor([real - inwards, fake + inwards], dtype=torch.float64)
    (_, by_critic), (_, by_generator) = (_at(loss, scores) for _, loss in _losses(divergence))
    return float(by_critic[0]), float(by_critic[1]), float(by_generator[1])


def _losses(divergence: Divergence) -> Iterator[tuple[str, Loss]]:
    yield "critic", divergence.critic
    yield "generator", divergence.generator


def _at(loss: Loss, scores: Tensor) -> tuple[Tensor, Tensor]:
    """The loss at a real and a fake score, (2,), and its gradient: () and (2,)."""
    scores = scores.clone().requires_grad_()
    value = loss(scores[:1], scores[1:]).sum()
    return value, torch.autograd.grad(value, scores)[0] if value.requires_grad else torch.zeros_like(scores)


_CRITICS: dict[str, Callable[[Tensor], Tensor]] = {
    **{f"of constant score {c:g}": partial(torch.full_like, fill_value=c) for c in (0.0, 1.0, -1.0, 0.5)},
    "that scores x as x": lambda x: x,
    "that scores x as -x": lambda x: -x,
    "that scores x as sin 3x": lambda x: torch.sin(3 * x),
}


def _estimate_is_bound(build: Build) -> Measurement:
    divergence = build()
    if divergence.estimate is None:
        return holds("no estimate")
    for words, critic in _CRITICS.items():
        scores = critic(_POINTS)
        pairs = divergence.critic(scores.repeat_interleave(len(scores)), scores.repeat(len(scores)))
        estimate = divergence.estimate(float(pairs.mean()))
        if not estimate <= 1e-9:
            fault = f"with model and data the same it reads {number(estimate)} for a critic {words}, more than 0"
            return broken(estimate, f"the estimate is no lower bound: {fault}.")
    return holds("at most 0")


def _linear_scale(build: Build) -> Measurement:
    real, fake = torch.meshgrid(_POINTS, _POINTS, indexing="ij")
    losses = build().critic(real.flatten(), fake.flatten())
    if losses.numel() != real.numel():
        return holds("not per sample")
    table = losses.detach().view_as(real)
    by_real, by_fake = (float((corner - table[0, 0]) / 4) for corner in (table[-1, 0], table[0, -1]))
    if not torch.allclose(table[0, 0] + by_real * (real + 2) + by_fake * (fake + 2), table, atol=1e-9):
        return holds("not linear")
    if abs(by_fake + by_real) < 1e-9 and by_fake > 0 and abs(by_fake - 1) > 1e-9:
        scale = number(by_fake)
        fault = f"a penalty of weight 10 weighs {number(10 / by_fake)} against it; the papers have fake - real"
        return broken(f"{scale} (fake - real)", f"the critic's loss is {scale} (fake - real): {fault}.")
    return holds("fake - real")


def _per_sample(build: Build) -> Measurement:
    for side, loss in _losses(build()):
        for count in reversed(SIZES):
            for dtype in (torch.float32, torch.float64):
                scores = torch.linspace(0.1, 0.9, count, dtype=dtype)
                losses = loss(scores, scores - 0.05)
                if losses.shape != (count,):
                    return wrong_shape(f"the {side}'s loss", f"{count} scores give", losses, count)
                if losses.dtype != dtype:
                    return broken(str(losses.dtype), f"the {side}'s loss turns {dtype} scores into {losses.dtype}.")
    return holds("(B,)")


def _finite(build: Build) -> Measurement:
    for side, loss in _losses(build()):
        for scores in torch.cartesian_prod(*[torch.tensor([-50.0, 50.0, 0.0])] * 2):
            value, gradient = _at(loss, scores)
            for what, result in (("loss is", value), ("derivative is", gradient.sum())):
                if not result.isfinite():
                    place = f"real score {number(scores[0])} and fake score {number(scores[1])}"
                    return broken(result, f"the {side}'s {what} {number(result)} at {place}, in float32.")
    return holds("finite")


def _differentiable(build: Build) -> Measurement:
    scores = (torch.rand(2, 4, dtype=torch.float64) * 0.8 + 0.1).requires_grad_()
    for side, loss in _losses(build()):
        for order, check in (("first", torch.autograd.gradcheck), ("second", torch.autograd.gradgradcheck)):
            if not _passes(check, loss, scores):
                fault = "not what finite differences say: something in it is detached, rounded or not differentiable"
                return broken("differs", f"the {side}'s {order} derivative is {fault}.")
    return holds("equal")


def _passes(check: Callable[..., bool], loss: Loss, scores: Tensor) -> bool:
    try:
        return check(lambda s: loss(*s), (scores,), raise_exception=False)
    except RuntimeError:  # an operation that declares itself not differentiable twice
        return False


def _independent(build: Build) -> Measurement:
    for side, loss in _losses(build()):
        alone, balanced = (_change_of_others(loss, changes) for changes in ({3: 1.0}, {3: 1.0, 5: -1.0}))
        if balanced > 1e-9:
            fault = f"raising one real score by 1 changes another sample's loss by {number(alone)}"
            return broken(alone, f"the {side}'s loss of a sample depends on the rest of the batch: {fault}.")
        if alone > 1e-9:
            return holds("through the mean")
    return holds("0")


def _change_of_others(loss: Loss, changes: dict[int, float]) -> float:
    """By how much the other samples' losses change, if these real scores do."""
    scores = torch.linspace(0.1, 0.9, 8, dtype=torch.float64)
    changed, others = scores.clone(), [i for i in range(len(scores)) if i not in changes]
    for place, amount in changes.items():
        changed[place] += amount
    before, after = loss(scores, scores.flip(0)), loss(changed, scores.flip(0))
    return float((before - after)[others].abs().max()) if before.ndim else 0.0


def _paired_as_declared(build: Build) -> Measurement:
    divergence, fake = build(), torch.zeros(4, dtype=torch.float64)
    reads = not torch.allclose(divergence.generator(fake, fake), divergence.generator(fake + 1, fake), 1e-12, 1e-12)
    if reads and not divergence.paired:
        fault = "reads the real scores, but `paired` is not set: it gets fake scores instead"
        return broken("reads them", f"the generator's loss {fault}.")
    if divergence.paired and not reads:
        return broken("reads none", "`paired` is set, but the generator's loss reads no real scores: a pass is wasted.")
    return holds("paired" if reads else "not paired")


def _compiled(build: Build) -> Measurement:
    scores = (torch.rand(2, 16, dtype=torch.float64) * 2 - 1).requires_grad_()
    for side, loss in _losses(build()):

        def fresh(loss: Loss = loss) -> Value:
            return lambda: loss(scores[0], scores[1]).mean()

        if not (measurement := compiled_equals_eager(fresh, [scores], f"the {side}'s loss")).holds:
            return measurement
    return holds("equal")


_GAN = "Goodfellow et al. (2014)"
DIVERGENCE_CONTRACT = (
    Clause("one loss per sample, at batch sizes 1, 16 and 64", "definition", "(B,)", _per_sample),
    Clause("the critic's loss is lowest where real scores exceed fake ones", _GAN, "derivatives -, +", _critic_signs),
    Clause("the generator's loss falls as fake scores rise", _GAN, "derivative below 0", _generator_sign),
    Clause("losses and derivatives are finite at scores of ±50 in float32", "numerics", "finite", _finite),
    Clause("first and second derivatives agree with finite differences", "calculus", "equal", _differentiable),
    Clause("the samples of a batch are independent", "definition", "0, or by the mean", _independent),
    Clause("the generator's loss reads real scores as declared", "definition", "as declared", _paired_as_declared),
    Clause("linear losses are not scaled", "Arjovsky et al. (2017)", "fake - real", _linear_scale),
    Clause("the estimate is a lower bound", "Nowozin et al. (2016)", "at most 0", _estimate_is_bound),
    Clause("compiled equals eager (aot_eager)", "definition", "equal", _compiled),
)
