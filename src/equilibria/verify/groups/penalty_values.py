"""Values of penalties in closed form, and where they look."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...core.seeding import reseed
from ...terms.penalties import PENALTIES, Duel
from ..claims import Answer, Claim, below, equals
from ..contracts.penalty_laws import shares, visited
from ..toys.critics import IMAGE, SIZES, bowl, evenly, noise, straight, twins

_BETWEEN = {
    "gradient_penalty": "Gulrajani et al. 2017",
    "divergence_penalty": "Wu et al. 2018",
    "zero_centered": "Thanh-Tung et al. 2019",
}
_ON: tuple[tuple[str, dict[str, Any], float], ...] = (  # at real the bowl's slope is 1, at fake 3
    ("r1", {"weight": 2.0}, 1.0),
    ("r2", {"weight": 2.0}, 3.0),
    ("divergence_penalty", {"weight": 1.0, "power": 2.0, "sampler": "real"}, 1.0),
    ("divergence_penalty", {"weight": 1.0, "power": 2.0, "sampler": "fake"}, 3.0),
)
_SPREAD = 0.5


def place_claims() -> list[Claim]:
    """One for each place."""
    sentence = "looks uniformly on the segments between real and fake"
    return [
        *(_on(name, options, slope) for name, options, slope in _ON if name in PENALTIES),
        *(
            Claim(f"{name}: {sentence}", source, "0 to 1, mean 0.5 ± 0.1", partial(_uniform, name), (name,))
            for name, source in _BETWEEN.items()
            if name in PENALTIES
        ),
        *(_around() if "dragan" in PENALTIES else []),
    ]


def _on(name: str, options: Mapping[str, Any], slope: float) -> Claim:
    place = options.get("sampler", {"r1": "real", "r2": "fake"}.get(name))

    def error() -> float:
        real, fake = (evenly(size).expand(16, *IMAGE) for size in (1.0, 3.0))
        costs: Tensor = PENALTIES[name](**options)(Duel(bowl, (real,), (fake,)))
        return float((costs - slope**2).abs().max().detach())

    return below(f"{name}: looks at the critic on {place} samples", "definition", error, 1e-10, name)


def _uniform(name: str) -> Answer:
    found = shares(PENALTIES[name])
    if found is None:
        return Answer("not between", False, f"{name} does not look between real and fake.")
    low, high, mean = float(found.min()), float(found.max()), float(found.mean())
    return Answer(
        f"{low:.2f} to {high:.2f}, mean {mean:.2f}", 0 <= low < 0.1 and 0.9 < high <= 1 and abs(mean - 0.5) < 0.1
    )


def _around() -> list[Claim]:
    """DRAGAN: a cloud around the data, half as wide as the batch, whatever the samples are."""

    def width() -> float:
        real = noise(64, 1) * 3
        (points,) = _shown("dragan", real, noise(64, 2))
        return float((points - real).std() / real.std())

    def moved() -> float:
        near, far = (_shown("dragan", noise(16, 1), noise(16, 2) + shift)[0] for shift in (0.0, 100.0))
        return float((near - far).abs().max())

    kodali = "Kodali et al. 2017"
    return [
        equals(
            "dragan: the width of its cloud around the data, in deviations of the batch",
            kodali,
            width,
            _SPREAD,
            0.03,
            "dragan",
        ),
        below("dragan: where it looks does not depend on the samples", kodali, moved, 0, "dragan"),
        below(
            "dragan: where it looks on points of one value",
            kodali,
            lambda: _spread(visited(PENALTIES["dragan"], 1.0)),
            0,
            "dragan",
        ),
    ]


def _shown(name: str, real: Tensor, fake: Tensor) -> list[Tensor]:
    shown, line = list[Tensor](), straight(evenly(1.0))

    def critic(x: Tensor) -> Tensor:
        shown.append(x.detach())
        return line(x)

    reseed(0)
    PENALTIES[name](std=_SPREAD)(Duel(critic, (real,), (fake,)))
    return shown


def _spread(shown: list[Tensor]) -> float:
    return float(torch.cat(shown).abs().max())


_SLOPES = (0.0, 0.5, 1.0, 1.5, 3.0)


class Formula(NamedTuple):
    """The price of a slope."""

    name: str
    options: Mapping[str, Any]
    price: Callable[[float], float]
    words: str
    source: str


def _formulas() -> list[Formula]:
    gulrajani, wu = "Gulrajani et al. 2017", "Wu et al. 2018"
    return [
        Formula("gradient_penalty", {}, lambda s: 10 * (s - 1) ** 2, "10 (s - 1)^2", gulrajani),
        Formula(
            "gradient_penalty", {"one_sided": True}, lambda s: 10 * max(s - 1, 0) ** 2, "10 max(s - 1, 0)^2", gulrajani
        ),
        Formula(
            "gradient_penalty",
            {"weight": 3.0, "target_norm": 2.0},
            lambda s: 3 * (s - 2) ** 2,
            "3 (s - 2)^2",
            gulrajani,
        ),
        Formula("divergence_penalty", {}, lambda s: 2 * s**6, "2 s^6", wu),
        Formula("divergence_penalty", {"weight": 1.0, "power": 3.0, "sampler": "both"}, lambda s: s**3, "s^3", wu),
        Formula("r1", {}, lambda s: 5 * s**2, "10/2 s^2", "Mescheder et al. 2018"),
        Formula("r2", {}, lambda s: 5 * s**2, "10/2 s^2", "Mescheder et al. 2018"),
        Formula("zero_centered", {}, lambda s: 10 * s**2, "10 s^2", "Thanh-Tung et al. 2019"),
        Formula("dragan", {}, lambda s: 10 * (s - 1) ** 2, "10 (s - 1)^2", "Kodali et al. 2017"),
    ]


def value_claims() -> list[Claim]:
    """Straight critics everywhere; a bowl, whose slope at x is x, tells where a penalty looks."""
    known = [formula for formula in _formulas() if formula.name in PENALTIES]
    return [
        *(below(_sentence(f, "a straight critic"), f.source, partial(_straight, f), 1e-10, f.name) for f in known),
        *(below(_sentence(f, "a bowl"), f.source, partial(_curved, f), 1e-10, f.name) for f in known),
        *([_lecam()] if "lecam" in PENALTIES else []),
    ]


def _sentence(formula: Formula, critic: str) -> str:
    options = ", ".join(f"{name} {value}" for name, value in formula.options.items())
    return f"{formula.name}{options and f' ({options})'}: {critic} of slope s pays {formula.words} at B = 1, 16, 64"


def _error(formula: Formula, duel: Duel, slope: float) -> float:
    want = formula.price(slope)
    return float((PENALTIES[formula.name](**formula.options)(duel) - want).abs().max().detach()) / (1 + want)


def _straight(formula: Formula) -> float:
    def duel(slope: float, count: int) -> Duel:
        return Duel(straight(evenly(slope)), (noise(count, 1),), (noise(count, 2),))

    return max(_error(formula, duel(slope, count), slope) for slope in _SLOPES for count in SIZES)


def _curved(formula: Formula) -> float:
    """Real and fake coincide, so that all points of interest do."""

    def duel(slope: float, count: int) -> Duel:
        return twins(bowl, evenly(slope).expand(count, *IMAGE))

    flat = formula.name == "dragan"  # whose cloud has no width around equal numbers
    return max(_error(formula, duel(slope, count), slope) for slope in _SLOPES[not flat :] for count in SIZES)


def _lecam() -> Claim:
    """Scores real 2 and fake -1, then again: the second time before anchors of 1 % of them."""

    def error() -> float:
        penalty, worst = PENALTIES["lecam"](weight=0.5, decay=0.75), 0.0
        real, fake, anchors = 2.0, -1.0, [0.0, 0.0]
        for count in (*SIZES, *SIZES):
            one = torch.ones(count, 1, dtype=torch.float64)
            want = 0.5 * ((real - anchors[1]) ** 2 + (fake - anchors[0]) ** 2)
            costs = penalty(Duel(lambda x: x[:, 0], (real * one,), (fake * one,)))
            worst = max(worst, float((costs - want).abs().max()))
            anchors = [0.75 * anchors[0] + 0.25 * real, 0.75 * anchors[1] + 0.25 * fake]
        return worst

    sentence = "lecam: scores pay for their distance to the other side's average before the move"
    return below(sentence, "Tseng et al. 2021", error, 1e-6, "lecam")
