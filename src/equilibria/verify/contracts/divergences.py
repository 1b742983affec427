"""The contract of a divergence: signs, bounds, independence of samples."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence, Loss
from ..claims import Answer
from ..toys.critics import SIZES
from .base import Promise, agrees, compiled_equals_eager, misshapen, no, number, yes

_REACH = 3.0  # scores looked at, up and down


def critic_side(make: Callable[[], Divergence]) -> Answer:
    """The critic's loss is lowest where real scores lie above fake ones."""
    real, fake = best_scores(make())
    if real > fake:
        up, down, _ = _slopes(make(), real, fake)
        if up < 0 < down:
            return yes(f"slopes {number(up)}, {number(down)}")
    if real < fake:
        return no(
            f"real {number(real)}, fake {number(fake)}",
            f"signs swapped in the critic's loss: it is lowest at real score {number(real)} and fake score "
            f"{number(fake)}; scores must be high for real.",
        )
    if real == fake:
        return no("flat", "the critic's loss does not tell real from fake: no scores between -3 and 3 lower it.")
    still = "real" if up >= 0 else "fake"
    return no(
        f"slopes {number(up)}, {number(down)}",
        f"the critic's loss gives no direction: it does not move with {still} scores (slopes {number(up)} in the real "
        f"and {number(down)} in the fake score, where it should fall and rise).",
    )


def generator_side(make: Callable[[], Divergence]) -> Answer:
    """Where the critic pushes fake scores down, the generator's loss pushes them up."""
    divergence = make()
    _, down, pull = _slopes(divergence, *best_scores(divergence))
    if pull < 0:
        return yes(f"slope {number(pull)}")
    if pull == 0:
        return no("slope 0", "the generator's loss does not depend on the fake scores: the generator learns nothing.")
    return no(
        f"slope {number(pull)}",
        f"the generator pulls the wrong way: the critic's loss rises with fake scores (slope {number(down)}), and so "
        f"does the generator's (slope {number(pull)}), where it must fall: both lower the scores of fake samples.",
    )


def best_scores(divergence: Divergence) -> tuple[float, float]:
    """The real and the fake score, each between -3 and 3, of least loss; of ties, the two that lie closest."""
    marks = torch.linspace(-_REACH, _REACH, 31, dtype=torch.float64)
    real, fake = (grid.flatten() for grid in torch.meshgrid(marks, marks, indexing="ij"))
    with torch.no_grad():
        losses = torch.stack([divergence.critic(r[None], f[None]).sum() for r, f in zip(real, fake, strict=True)])
    ties = losses <= losses.min() + 1e-12
    chosen = torch.where(ties, (real - fake).abs(), torch.inf).argmin()
    return float(real[chosen]), float(fake[chosen])


def _slopes(divergence: Divergence, real: float, fake: float) -> tuple[float, float, float]:
    """Of the critic's loss in the real and the fake score, and of the generator's in the fake one.

    A quarter of the way inwards from the best scores, since where a game of sum zero is won all slopes vanish.
    """
    inwards = (real - fake) / 4
    scores = torch.tensor([real - inwards, fake + inwards], dtype=torch.float64)
    up, down = _gradient(divergence.critic, scores)
    return up, down, _gradient(divergence.generator, scores)[1]


def _gradient(loss: Callable[[Tensor, Tensor], Tensor], scores: Tensor) -> tuple[float, float]:
    scores = scores.clone().requires_grad_()
    value = loss(scores[:1], scores[1:]).sum()
    if not value.requires_grad:
        return 0.0, 0.0
    gradient = torch.autograd.grad(value, scores)[0]
    return float(gradient[0]), float(gradient[1])


_POINTS = torch.linspace(-2, 2, 41, dtype=torch.float64)
_CRITICS: dict[str, Callable[[Tensor], Tensor]] = {
    "of constant score 0": torch.zeros_like,
    "of constant score 1": torch.ones_like,
    "of constant score -1": lambda x: -torch.ones_like(x),
    "of constant score 0.5": lambda x: torch.full_like(x, 0.5),
    "that scores x as x": lambda x: x,
    "that scores x as -x": lambda x: -x,
    "that scores x as sin 3x": lambda x: torch.sin(3 * x),
}


def bounded(make: Callable[[], Divergence]) -> Answer:
    """Where the model equals the data, no critic may read more than 0: the estimate is a lower bound."""
    divergence = make()
    if divergence.estimate is None:
        return yes("no estimate")
    for words, critic in _CRITICS.items():
        scores = critic(_POINTS)
        pairs = divergence.critic(scores.repeat_interleave(len(scores)), scores.repeat(len(scores)))
        reads = divergence.estimate(float(pairs.mean()))
        if not reads <= 1e-9:
            return no(
                number(reads),
                f"the estimate is no lower bound: with model and data the same it reads {number(reads)} for a critic "
                f"{words}, where no reading may exceed 0.",
            )
    return yes("at most 0")


def proportioned(make: Callable[[], Divergence]) -> Answer:
    """A loss that is linear in the scores is the Wasserstein game: fake - real, neither halved nor doubled."""
    real, fake = torch.meshgrid(_POINTS, _POINTS, indexing="ij")
    losses = make().critic(real.flatten(), fake.flatten())
    if losses.numel() != real.numel():
        return yes("not per sample")
    table = losses.detach().view_as(real)
    slope_real = float((table[-1, 0] - table[0, 0]) / 4)
    slope_fake = float((table[0, -1] - table[0, 0]) / 4)
    plane = table[0, 0] + slope_real * (real + 2) + slope_fake * (fake + 2)
    if not torch.allclose(plane, table, atol=1e-9):
        return yes("not linear")
    if abs(slope_fake + slope_real) < 1e-9 and slope_fake > 0 and abs(slope_fake - 1) > 1e-9:
        return no(
            f"{number(slope_fake)} (fake - real)",
            f"the critic's loss is {number(slope_fake)} (fake - real): a penalty of weight 10 weighs "
            f"{number(10 / slope_fake)} against it, and the estimate is {number(slope_fake)} times the distance; the "
            f"papers' is fake - real.",
        )
    return yes("fake - real")


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
