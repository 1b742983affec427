"""Where each penalty looks at the critic: on data, on samples, between them, or around the data."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import torch
from torch import Tensor

from ...core.randomness import reseed
from ...terms.penalties import PENALTIES, Duel
from ..claims import Answer, Claim, below, equals
from ..promises.places import shares, visited
from ..scenes.critics import IMAGE, bowl, evenly, noise, straight

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


def claims() -> list[Claim]:
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
    PENALTIES[name](spread=_SPREAD)(Duel(critic, (real,), (fake,)))
    return shown


def _spread(shown: list[Tensor]) -> float:
    return float(torch.cat(shown).abs().max())
