"""What a penalty costs as a function of the gradient norm, and the points where it takes the gradient."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from ...core.seeding import reseed
from ...terms.penalties import Duel, Penalty
from ...toys.critics import IMAGE, SIZES, linear_critic, uniform_gradient
from ..claims import Measurement
from . import broken, close, holds, number

Build = Callable[[], Penalty]
_SCALAR = (1, 1, 1)  # a sample of one number: all of it is one pixel and one channel
_COUNT = 64


class Law(NamedTuple):
    """The cost as a function of the gradient norm."""

    formula: str
    weight: float
    cost: Callable[[float], float]


def law_of(build: Build) -> Law | None:
    """The law that fits samples of one number; None if the cost is not a function of the gradient norm."""
    costs = {norm: _cost(build, uniform_gradient(norm, _SCALAR)) for norm in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0)}
    return next((law for law in _laws(costs) if all(close(law.cost(norm), c) for norm, c in costs.items())), None)


def _laws(costs: dict[float, float]) -> Iterator[Law]:
    """The candidates: around a target norm, above one, and a power."""
    zero, half, one, _, two, three = costs.values()
    if (weight := (zero - 2 * one + two) / 2) > 0 and zero > 0:
        target = (zero / weight) ** 0.5
        yield Law(f"(norm - {target:.3g})^2", weight, lambda s: weight * (s - target) ** 2)
    if (root := max(three, 0) ** 0.5 - max(two, 0) ** 0.5) > 0 and two > 0 and zero <= 0 and half <= 0:
        edge = 3 - three**0.5 / root
        yield Law(f"(norm - {edge:.3g})^2 above it", root**2, lambda s: root**2 * max(s - edge, 0.0) ** 2)
    if zero <= 1e-12 and min(one, two) > 0:
        power = float(torch.tensor(two / one).log2())
        yield Law(f"norm^{power:.3g}", one, lambda s: one * s**power)


def _cost(build: Build, gradient: Tensor, count: int = 1) -> float:
    """The mean cost of a linear critic with this gradient, at `count` equal samples."""
    samples = torch.zeros(count, *gradient.shape, dtype=torch.float64)
    reseed(0)
    return float(build()(Duel(linear_critic(gradient), (samples,), (samples.clone(),))).mean().detach())


def every_direction(build: Build) -> Measurement:
    """A gradient norm costs the same in every direction: the norm is over all numbers of a sample."""
    if (law := law_of(build)) is None:
        return holds("not a function of the norm")
    for norm in (1.0, 2.0):
        expected = law.cost(norm)
        costs = {words: _cost(build, norm * gradient) for words, gradient in _directions().items()}
        words = max(costs, key=lambda w: abs(costs[w] - expected))
        if not close(costs[words], expected):
            per_pixel = close(costs["in one number"], costs["in one pixel"])  # channels are joined, and pixels are not
            kind = "one norm for each pixel, over its channels alone" if per_pixel else "not the norm of the sample"
            where = f"on samples of shape {IMAGE} a critic with gradient norm {number(norm)} {words}"
            fault = f"costs {number(costs[words])} at weight {number(law.weight)}; it should cost {number(expected)}"
            return broken(costs[words], f"{kind}: {where} {fault}.")
    return holds("all alike")


def _directions() -> dict[str, Tensor]:
    """Gradients of norm one: (*IMAGE) each."""
    single, pixel, channel = (torch.zeros(IMAGE, dtype=torch.float64) for _ in range(3))
    single[0, 0, 0] = 1
    pixel[:, 0, 0] = IMAGE[0] ** -0.5
    channel[0] = (IMAGE[1] * IMAGE[2]) ** -0.5
    even = uniform_gradient(1.0)
    return {"spread evenly": even, "in one number": single, "in one pixel": pixel, "in one channel": channel}


def every_batch_size(build: Build) -> Measurement:
    """A gradient norm costs the same at every batch size."""
    law, gradient = law_of(build), uniform_gradient(1.0, _SCALAR)
    for norm in (1.0, 2.0):
        expected = _cost(build, norm * gradient)
        for count in reversed(SIZES):
            cost = _cost(build, norm * gradient, count)
            if not close(cost, expected):
                weight = "" if law is None else f" and weight {number(law.weight)}"
                fault = f"a critic with gradient norm {number(norm)} costs {number(cost)} at batch size {count}{weight}"
                return broken(cost, f"{_cause(build, norm, count, cost)}: {fault}; it should cost {number(expected)}.")
    return holds("the same")


def _cause(build: Build, norm: float, count: int, cost: float) -> str:
    """The mistake that leads to this cost."""
    alone = _cost(build, uniform_gradient(norm, _SCALAR))
    causes = {
        "one norm over the whole batch": _cost(build, uniform_gradient(norm * count**0.5, _SCALAR)),
        "summed over the batch": alone * count,
        "divided by the batch size once too often": alone / count,
        "averaged gradients, then one norm": _cost(build, uniform_gradient(norm / count**0.5, _SCALAR)),
    }
    return next((words for words, value in causes.items() if close(value, cost)), "the cost depends on the batch size")


def one_coefficient_per_sample(build: Build) -> Measurement:
    """Points between real and fake lie on the segments that join them: one coefficient for each sample."""
    coefficients = interpolation_coefficients(build)
    if coefficients is None:
        return holds("not between")
    first = coefficients[0]
    if float((coefficients - coefficients[:, :1]).abs().max()) > 1e-6:
        fault = f"those of a single sample range from {number(first.min())} to {number(first.max())}"
        return broken("one a pixel", f"one interpolation coefficient for each pixel: {fault}; a sample needs only one.")
    if float(coefficients.std()) < 1e-6:
        fault = f"all {_COUNT} samples have {number(first[0])}; each needs its own"
        return broken("one a batch", f"one interpolation coefficient for the whole batch: {fault}.")
    return holds("one a sample")


def interpolation_coefficients(build: Build) -> Tensor | None:
    """How far each number of each sample is from real (0) to fake (1): (B, D); None if that is not where it looks."""
    real = torch.zeros(_COUNT, *IMAGE, dtype=torch.float64)
    for near, far in zip(visited(build, real, real + 1), visited(build, real, real + 10), strict=False):
        inside = bool(((near > 0) & (near < 1)).any())
        if inside and near.shape == far.shape and torch.allclose(10 * near, far):
            return near.flatten(1)
    return None


def visited(build: Build, real: Tensor, fake: Tensor) -> list[Tensor]:
    """The batches of points at which a penalty evaluates the critic."""
    points, scores = list[Tensor](), linear_critic(uniform_gradient(1.0))

    def critic(x: Tensor) -> Tensor:
        points.append(x.detach())
        return scores(x)

    reseed(0)
    build()(Duel(critic, (real,), (fake,)))
    return points
