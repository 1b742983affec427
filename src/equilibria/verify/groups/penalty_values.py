"""Values of penalties in closed form, and the points where they take the critic's gradient."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...terms.penalties import PENALTIES, Duel
from ...toys.critics import IMAGE, SIZES, linear_critic, noise, quadratic_critic, uniform_gradient
from ..claims import Claim, Measurement, below, equals
from ..contracts.penalty_laws import interpolation_coefficients, visited

_KODALI, _MESCHEDER = "Kodali et al. (2017)", "Mescheder et al. (2018)"
_BETWEEN = {
    "gradient_penalty": "Gulrajani et al. (2017)",
    "divergence_penalty": "Wu et al. (2018)",
    "zero_centered": "Thanh-Tung et al. (2019)",
}
_SOURCES = {**_BETWEEN, "dragan": _KODALI, "r1": _MESCHEDER, "r2": _MESCHEDER}
_NORMS = (0.0, 0.5, 1.0, 1.5, 3.0)


class Formula(NamedTuple):
    """The cost of a gradient norm s."""

    words: str
    cost: Callable[[float], float]
    name: str
    options: Mapping[str, Any] = {}


_FORMULAS = (
    Formula("10 (s - 1)^2", lambda s: 10 * (s - 1) ** 2, "gradient_penalty"),
    Formula("10 max(s - 1, 0)^2", lambda s: 10 * max(s - 1, 0) ** 2, "gradient_penalty", {"one_sided": True}),
    Formula("3 (s - 2)^2", lambda s: 3 * (s - 2) ** 2, "gradient_penalty", {"weight": 3.0, "target_norm": 2.0}),
    Formula("2 s^6", lambda s: 2 * s**6, "divergence_penalty"),
    Formula("s^3", lambda s: s**3, "divergence_penalty", {"weight": 1.0, "power": 3.0, "sampler": "both"}),
    Formula("10/2 s^2", lambda s: 5 * s**2, "r1"),
    Formula("10/2 s^2", lambda s: 5 * s**2, "r2"),
    Formula("10 s^2", lambda s: 10 * s**2, "zero_centered"),
    Formula("10 (s - 1)^2", lambda s: 10 * (s - 1) ** 2, "dragan"),
)


def _linear_duel(norm: float, count: int) -> Duel:
    return Duel(linear_critic(uniform_gradient(norm)), (noise(count, 1),), (noise(count, 2),))


def _quadratic_duel(norm: float, count: int) -> Duel:
    """Its gradient at x is x. Real and fake samples are the same, so that all points between and around them are."""
    x = uniform_gradient(norm).expand(count, *IMAGE)
    return Duel(quadratic_critic, (x,), (x,))


def value_claims() -> list[Claim]:
    """For linear critics, and for quadratic ones, which show where a penalty takes the gradient."""
    lecam = "lecam: the squared distance of scores from the other side's average before the step"
    claims = [below(lecam, "Tseng et al. (2021)", _lecam_error, 1e-6)]
    for formula in _FORMULAS:
        options = ", ".join(f"{option} {value}" for option, value in formula.options.items())
        for kind, duel in (("linear", _linear_duel), ("quadratic", _quadratic_duel)):
            words = f"for a {kind} critic of gradient norm s it is {formula.words}, at B = 1, 16, 64"
            sentence = f"{formula.name}{options and f' ({options})'}: {words}"
            claims.append(below(sentence, _SOURCES[formula.name], partial(_formula_error, formula, duel), 1e-10))
    return claims


def _formula_error(formula: Formula, duel: Callable[[float, int], Duel]) -> float:
    errors = []
    for norm, count in product(_NORMS, SIZES):
        cost, costs = formula.cost(norm), PENALTIES[formula.name](**formula.options)(duel(norm, count))
        errors.append(float((costs - cost).abs().max().detach()) / (1 + cost))
    return max(errors)


def _lecam_error() -> float:
    """At scores of 2 for real and -1 for fake, all along: the averages start at 0 and approach them."""
    penalty, worst = PENALTIES["lecam"](weight=0.5, decay=0.75), 0.0
    real, fake, averages = 2.0, -1.0, [0.0, 0.0]
    for count in (*SIZES, *SIZES):
        one = torch.ones(count, 1, dtype=torch.float64)
        expected = 0.5 * ((real - averages[1]) ** 2 + (fake - averages[0]) ** 2)
        costs = penalty(Duel(lambda x: x[:, 0], (real * one,), (fake * one,)))
        worst = max(worst, float((costs - expected).abs().max()))
        averages = [0.75 * averages[0] + 0.25 * real, 0.75 * averages[1] + 0.25 * fake]
    return worst


_SIDES: tuple[tuple[str, str, dict[str, Any]], ...] = (  # where a penalty of this norm squared takes the gradient
    ("r1", "real", {"weight": 2.0}),
    ("r2", "fake", {"weight": 2.0}),
    ("divergence_penalty", "real", {"weight": 1.0, "power": 2.0, "sampler": "real"}),
    ("divergence_penalty", "fake", {"weight": 1.0, "power": 2.0, "sampler": "fake"}),
)
_SPREAD = 0.5


def point_claims() -> list[Claim]:
    """On real or fake samples, between them, or around the data."""
    at = "{}: takes gradients at {} samples"
    between = "takes gradients uniformly on the segments between real and fake"
    width = "dragan: the width of its points around the data, in standard deviations of the batch"
    samples = "dragan: its points do not depend on the samples"
    constant = "dragan: its points around data of one value do not differ from it"
    return [
        *(below(at.format(*side), "definition", partial(_side_error, *side), 1e-10) for side in _SIDES),
        *(
            Claim(f"{name}: {between}", source, "0 to 1, mean 0.5 ± 0.1", partial(_coefficients, name))
            for name, source in _BETWEEN.items()
        ),
        equals(width, _KODALI, _dragan_width, _SPREAD, 0.03),
        below(samples, _KODALI, _dragan_change, 0),
        below(constant, _KODALI, _dragan_spread, 0),
    ]


def _side_error(name: str, side: str, options: Mapping[str, Any]) -> float:
    """With a quadratic critic whose gradient norm is 1 at real samples and 3 at fake ones."""
    real, fake = (uniform_gradient(norm).expand(16, *IMAGE) for norm in (1.0, 3.0))
    costs: Tensor = PENALTIES[name](**options)(Duel(quadratic_critic, (real,), (fake,)))
    return float((costs - (1.0 if side == "real" else 9.0)).abs().max().detach())


def _coefficients(name: str) -> Measurement:
    coefficients = interpolation_coefficients(PENALTIES[name])
    if coefficients is None:
        return Measurement("not between", False, f"{name} does not take gradients between real and fake.")
    low, high, mean = float(coefficients.min()), float(coefficients.max()), float(coefficients.mean())
    uniform = 0 <= low < 0.1 and 0.9 < high <= 1 and abs(mean - 0.5) < 0.1
    return Measurement(f"{low:.2f} to {high:.2f}, mean {mean:.2f}", uniform)


def _dragan_points(real: Tensor, fake: Tensor) -> Tensor:
    return visited(partial(PENALTIES["dragan"], std=_SPREAD), real, fake)[0]


def _dragan_width() -> float:
    real = noise(64, 1) * 3
    return float((_dragan_points(real, noise(64, 2)) - real).std() / real.std())


def _dragan_change() -> float:
    near, far = (_dragan_points(noise(16, 1), noise(16, 2) + shift) for shift in (0.0, 100.0))
    return float((near - far).abs().max())


def _dragan_spread() -> float:
    zeros = torch.zeros(64, *IMAGE, dtype=torch.float64)
    return float(_dragan_points(zeros, zeros + 1).abs().max())
