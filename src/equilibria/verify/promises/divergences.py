"""What every divergence keeps: shapes, signs, finite numbers, gradients, and what it says it measures."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence, Loss
from ..claims import Answer
from ..scenes.critics import SIZES
from .base import Promise, agrees, misshapen, no, number, yes
from .compiling import compiled_equals_eager
from .measures import bounded, proportioned
from .sides import critic_side, generator_side

Maker = Callable[[], Divergence]


def _sides(make: Maker) -> list[tuple[str, Loss]]:
    divergence = make()
    return [("critic", divergence.critic), ("generator", divergence.generator)]


def per_sample(make: Maker) -> Answer:
    """Scores (B,) give losses (B,), of their own precision."""
    for side, loss in _sides(make):
        for count in reversed(SIZES):
            for precision in (torch.float32, torch.float64):
                scores = torch.linspace(0.1, 0.9, count, dtype=precision)
                found = loss(scores, scores - 0.05)
                if found.shape != (count,):
                    return misshapen(f"the {side}'s loss", f"{count} scores give", found, count)
                if found.dtype != precision:
                    return no(str(found.dtype), f"the {side}'s loss turns {precision} scores into {found.dtype}.")
    return yes("(B,)")


def finite(make: Maker) -> Answer:
    """At scores of +-50 in single precision losses and slopes are numbers."""
    extremes = torch.tensor([-50.0, 50.0, 0.0])
    for side, loss in _sides(make):
        for real in extremes:
            for fake in extremes:
                scores = torch.stack([real, fake]).requires_grad_()
                value = loss(scores[:1], scores[1:]).sum()
                slopes = torch.autograd.grad(value, scores)[0] if value.requires_grad else torch.zeros(2)
                for what, found in (("loss is", value), ("slope is", slopes.sum())):
                    if not found.isfinite():
                        where = f"real score {number(real)} and fake score {number(fake)}"
                        return no(number(found), f"the {side}'s {what} {number(found)} at {where}, in float32.")
    return yes("finite")


def differentiable(make: Maker) -> Answer:
    """Slopes, and slopes of slopes, are what finite differences say (float64)."""
    scores = (torch.rand(2, 4, dtype=torch.float64) * 0.8 + 0.1).requires_grad_()
    for side, loss in _sides(make):
        for order, check in (("slope", torch.autograd.gradcheck), ("second slope", torch.autograd.gradgradcheck)):
            if not _agrees(check, loss, scores):
                return no(
                    "differs",
                    f"the {side}'s {order} is not what finite differences say: something in it is detached, rounded, "
                    f"or not differentiable{' twice' if order != 'slope' else ''}.",
                )
    return yes("equal")


def _agrees(check: Callable[..., bool], loss: Loss, scores: Tensor) -> bool:
    try:
        return check(lambda s: loss(*s), (scores,), raise_exception=False)
    except RuntimeError:  # what says of itself that it has no second derivative
        return False


def independent(make: Maker) -> Answer:
    """The loss of a sample does not change with its batch mates' scores, except through the batch's mean."""
    scores = torch.linspace(0.1, 0.9, 8, dtype=torch.float64)
    for side, loss in _sides(make):
        alone, balanced = (_moved(loss, scores, change) for change in ({3: 1.0}, {3: 1.0, 5: -1.0}))
        if balanced > 1e-9:
            return no(
                number(alone),
                f"the {side}'s loss of a sample depends on its batch mates: raising one real score by 1 moves "
                f"another's loss by {number(alone)}.",
            )
        if alone > 1e-9:
            return yes("through the mean")
    return yes("0")


def _moved(loss: Loss, scores: Tensor, change: dict[int, float]) -> float:
    """By how much the losses of the others move."""
    changed, others = scores.clone(), [i for i in range(len(scores)) if i not in change]
    for place, amount in change.items():
        changed[place] += amount
    before, after = loss(scores, scores.flip(0)), loss(changed, scores.flip(0))
    return float((before - after)[others].abs().max()) if before.ndim else 0.0


def paired_is_said(make: Maker) -> Answer:
    """The generator's loss reads the real scores if, and only if, `paired` says so."""
    divergence, fake = make(), torch.zeros(4, dtype=torch.float64)
    reads = not agrees(divergence.generator(fake, fake), divergence.generator(fake + 1, fake), 1e-12)
    if reads and not divergence.paired:
        return no(
            "reads them",
            "the generator's loss reads the real scores, but `paired` is not set: it is given fake ones instead.",
        )
    if divergence.paired and not reads:
        return no("reads none", "`paired` is set, but the generator's loss reads no real scores: a pass is wasted.")
    return yes("paired" if reads else "not paired")


def compiled(make: Maker) -> Answer:
    """Both losses, compiled as one graph, give what Python gives."""
    scores = (torch.rand(2, 16, dtype=torch.float64) * 2 - 1).requires_grad_()
    for side, loss in _sides(make):

        def value(loss: Loss = loss) -> Tensor:
            return loss(scores[0], scores[1]).mean()

        if not (answer := compiled_equals_eager(lambda value=value: value, [scores], f"the {side}'s loss")).passed:  # type: ignore[misc]
            return answer
    return yes("equal")


_GAN = "Goodfellow et al. 2014"
DIVERGENCE_PROMISES = (
    Promise("one loss per sample, at batches of 1, 16 and 64", "definition", "(B,)", per_sample),
    Promise("the critic's loss is lowest where real scores lie above fake ones", _GAN, "slopes -, +", critic_side),
    Promise("the generator's loss falls as fake scores rise", _GAN, "slope below 0", generator_side),
    Promise("losses and slopes are finite at scores of ±50 in float32", "numerics", "finite", finite),
    Promise("slopes agree with finite differences, twice", "calculus", "equal", differentiable),
    Promise("a sample's loss is its own", "definition", "0, or by the mean", independent),
    Promise("real scores are read by the generator as declared", "definition", "as declared", paired_is_said),
    Promise("linear terms are not scaled", "Arjovsky et al. 2017", "fake - real", proportioned),
    Promise("the estimate is a lower bound where model equals data", "Nowozin et al. 2016", "at most 0", bounded),
    Promise("compiled equals eager (aot_eager)", "definition", "equal", compiled),
)
