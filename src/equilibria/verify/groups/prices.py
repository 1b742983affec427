"""What each penalty charges critics of known slope, in closed form, at batches of 1, 16 and 64."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, NamedTuple

import torch

from ...terms.penalties import PENALTIES, Duel
from ..claims import Claim, below
from ..scenes.critics import IMAGE, SIZES, bowl, evenly, noise, straight, twins

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
            "gradient_penalty", {"weight": 3.0, "slope": 2.0}, lambda s: 3 * (s - 2) ** 2, "3 (s - 2)^2", gulrajani
        ),
        Formula("divergence_penalty", {}, lambda s: 2 * s**6, "2 s^6", wu),
        Formula("divergence_penalty", {"weight": 1.0, "power": 3.0, "sampler": "both"}, lambda s: s**3, "s^3", wu),
        Formula("r1", {}, lambda s: 5 * s**2, "10/2 s^2", "Mescheder et al. 2018"),
        Formula("r2", {}, lambda s: 5 * s**2, "10/2 s^2", "Mescheder et al. 2018"),
        Formula("zero_centered", {}, lambda s: 10 * s**2, "10 s^2", "Thanh-Tung et al. 2019"),
        Formula("dragan", {}, lambda s: 10 * (s - 1) ** 2, "10 (s - 1)^2", "Kodali et al. 2017"),
    ]


def claims() -> list[Claim]:
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
