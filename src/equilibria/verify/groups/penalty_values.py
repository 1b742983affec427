"""Values of penalties in closed form, and the points where they take the critic's gradient."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...terms.penalties import PENALTIES, Duel
from ..claims import Claim, Measurement, below, equals
from ..contracts.penalty_laws import interpolation_coefficients, visited
from ..toys.critics import IMAGE, SIZES, linear_critic, noise, quadratic_critic, uniform_gradient

_GULRAJANI, _WU, _MESCHEDER = "Gulrajani et al. (2017)", "Wu et al. (2018)", "Mescheder et al. (2018)"
_THANH_TUNG, _KODALI = "Thanh-Tung et al. (2019)", "Kodali et al. (2017)"
_NORMS = (0.0, 0.5, 1.0, 1.5, 3.0)


class Formula(NamedTuple):
    """The cost of a gradient norm s."""

    name: str
    options: Mapping[str, Any]
    cost: Callable[[float], float]
    words: str
    source: str

    def __str__(self) -> str:
        options = ", ".join(f"{name} {value}" for name, value in self.options.items())
        return f"{self.name} ({options})" if options else self.name


_CUBIC, _SIDED, _TWO = (
    {"weight": 1.0, "power": 3.0, "sampler": "both"},
    {"one_sided": True},
    {"weight": 3.0, "target_norm": 2.0},
)
_FORMULAS = (
    Formula("gradient_penalty", {}, lambda s: 10 * (s - 1) ** 2, "10 (s - 1)^2", _GULRAJANI),
    Formula("gradient_penalty", _SIDED, lambda s: 10 * max(s - 1, 0) ** 2, "10 max(s - 1, 0)^2", _GULRAJANI),
    Formula("gradient_penalty", _TWO, lambda s: 3 * (s - 2) ** 2, "3 (s - 2)^2", _GULRAJANI),
    Formula("divergence_penalty", {}, lambda s: 2 * s**6, "2 s^6", _WU),
    Formula("divergence_penalty", _CUBIC, lambda s: s**3, "s^3", _WU),
    Formula("r1", {}, lambda s: 5 * s**2, "10/2 s^2", _MESCHEDER),
    Formula("r2", {}, lambda s: 5 * s**2, "10/2 s^2", _MESCHEDER),
    Formula("zero_centered", {}, lambda s: 10 * s**2, "10 s^2", _THANH_TUNG),
    Formula("dragan", {}, lambda s: 10 * (s - 1) ** 2, "10 (s - 1)^2", _KODALI),
)


def value_claims() -> list[Claim]:
    """For linear critics; and for a quadratic one, whose gradient at x is x, which shows where a penalty takes it."""
    lecam = "lecam: the squared distance of scores from the other side's average before the step"
    return [
        *(
            below(
                f"{f}: for a {kind} critic of gradient norm s it is {f.words}, at B = 1, 16, 64", f.source, value, 1e-10
            )
            for f in _FORMULAS
            for kind, value in (("linear", partial(_linear_error, f)), ("quadratic", partial(_quadratic_error, f)))
        ),
        below(lecam, "Tseng et al. (2021)", _lecam_error, 1e-6),
    ]


def _linear_error(formula: Formula) -> float:
    def duel(norm: float, count: int) -> Duel:
        return Duel(linear_critic(uniform_gradient(norm)), (noise(count, 1),), (noise(count, 2),))

    return max(_error(formula, duel(norm, count), norm) for norm in _NORMS for count in SIZES)


def _quadratic_error(formula: Formula) -> float:
    """Real and fake samples are the same, so that all points between and around them are, too."""

    def duel(norm: float, count: int) -> Duel:
        x = uniform_gradient(norm).expand(count, *IMAGE)
        return Duel(quadratic_critic, (x,), (x,))

    norms = _NORMS[1:] if formula.name == "dragan" else _NORMS  # its cost has no gradient at 0
    return max(_error(formula, duel(norm, count), norm) for norm in norms for count in SIZES)


def _error(formula: Formula, duel: Duel, norm: float) -> float:
    expected = formula.cost(norm)
    costs = PENALTIES[formula.name](**formula.options)(duel)
    return float((costs - expected).abs().max().detach()) / (1 + expected)


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


_BETWEEN = {"gradient_penalty": _GULRAJANI, "divergence_penalty": _WU, "zero_centered": _THANH_TUNG}
_ON: tuple[tuple[str, str, dict[str, Any]], ...] = (  # the side where a penalty of this norm squared takes the gradient
    ("r1", "real", {"weight": 2.0}),
    ("r2", "fake", {"weight": 2.0}),
    ("divergence_penalty", "real", {"weight": 1.0, "power": 2.0, "sampler": "real"}),
    ("divergence_penalty", "fake", {"weight": 1.0, "power": 2.0, "sampler": "fake"}),
)
_SPREAD = 0.5


def point_claims() -> list[Claim]:
    """On real or fake samples, between them, or around the data."""
    between = "takes gradients uniformly on the segments between real and fake"
    width = "dragan: the width of its points around the data, in standard deviations of the batch"
    samples = "dragan: its points do not depend on the samples"
    constant = "dragan: its points around data of one value do not differ from it"
    return [
        *(
            below(
                f"{name}: takes gradients at {side} samples",
                "definition",
                partial(_side_error, name, side, options),
                1e-10,
            )
            for name, side, options in _ON
        ),
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
