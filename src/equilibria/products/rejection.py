"""Samples of a model that its critic lets pass: discriminator rejection sampling (Azadi et al. 2019)."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.randomness import generator
from ..recipes.asking import Asked
from ..recipes.model import CHUNK, Model
from ..terms.divergences.facts import Function
from .seeing import judge, told

_BURN, _COIN = -5, -6  # places of the draws that the maximum is found with, and of the coins
_CLOSE = 1e-6  # the paper's epsilon: at the greatest ratio the logit stays finite
_PATIENCE = 1000  # draws for each sample that is wanted, at most


@dataclass
class Sieve:
    """A model's draws, each kept with the probability r / (e^gamma (M - r) + r), where r = p_data / p_model.

    M is the greatest ratio met. With gamma = 0 that is r / M, and what is kept follows the data if the critic is the
    best there is; a gamma at a percentile of the burn-in keeps more, and is no longer exact.
    """

    model: Model
    ratio: Function  # from scores (B,) to the logarithms of r, (B,)
    percentile: float | None = 80.0  # of the burn-in's logits, taken for gamma; None: gamma is 0
    burn_in: int = 10_000  # draws that only M and gamma are found with
    drawn: int = field(default=0, init=False)
    kept: int = field(default=0, init=False)
    greatest: float = field(default=-math.inf, init=False)  # log M
    gamma: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        judge(self.model)
        if self.percentile is not None and not 0 <= self.percentile <= 100:
            raise Refusal(f"percentile is {self.percentile:g}: a number from 0 to 100 is needed, or none.")
        if self.burn_in < 1:
            raise Refusal(f"burn_in is {self.burn_in}: at least 1 draw is needed to find the greatest ratio.")

    def draws(self, count: int, seed: int = 0, asked: Tensor | None = None) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Samples that were kept, until there are `count`, and their conditions: each (at most 64, ...).

        All are of the condition asked for, (1, C), if there is one; M is found for it alone.
        """
        self._burn(seed, asked)
        left, chunk = count, 0
        while left > 0:
            if chunk * CHUNK > _PATIENCE * count:
                raise Refusal(
                    f"{chunk * CHUNK - CHUNK:,} draws left {count - left} of {count} samples: the critic finds all but "
                    f"a few unreal. Let more pass with a lower --percentile."
                )
            x, y, logs = self._judged(asked, seed, chunk)
            self.greatest = max(self.greatest, float(logs.max()))
            chances = torch.sigmoid(_logits(logs, self.greatest) - self.gamma)
            passed = torch.rand(len(x), generator=generator(seed, chunk, _COIN), dtype=torch.float64) < chances
            places = passed.nonzero().flatten()[:left]
            self.drawn += len(x) if len(places) < left else int(places[-1]) + 1
            self.kept, left, chunk = self.kept + len(places), left - len(places), chunk + 1
            if len(places):
                places = places.to(x.device)
                yield x[places], None if y is None else y[places]

    @property
    def rate(self) -> float:
        """The share of the draws that was kept."""
        return self.kept / max(self.drawn, 1)

    def _burn(self, seed: int, asked: Tensor | None) -> None:
        """Find the greatest ratio, and gamma."""
        logs = torch.cat([self._judged(asked, seed, _BURN, i)[2] for i in range(-(-self.burn_in // CHUNK))])
        self.greatest = float(logs.max())
        if self.percentile is not None:
            logits = _logits(logs, self.greatest)
            self.gamma = float(logits.sort().values[round(self.percentile / 100 * (len(logits) - 1))])

    @torch.no_grad()
    def _judged(self, asked: Tensor | None, *place: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """Draws of the model at this place, their conditions, and the logarithms of their ratios, on the host."""
        z, y = self.model.drawn(CHUNK, *place)
        if asked is not None:
            y = asked.to(z.device).expand(CHUNK, -1)
        x = self.model.networks["generator"](z, y).float()
        views = (x, z) if self.model.sees == "pairs" else (x,)
        return x, y, self.ratio(self.model.networks["critic"](*views, **told(y)).float()).cpu()


def passed(
    model: Model,
    ratio: Function,
    count: int,
    seed: int = 0,
    labels: Asked | None = None,
    percentile: float | None = 80.0,
) -> Tensor:
    """So many draws that the critic lets pass, of one label or none: (count, *space.shape)."""
    asked = None if labels is None else model.asked(labels)
    if asked is not None and len(asked) > 1:
        raise Refusal(f"{labels!r} means {len(asked)} labels: draw of one at a time.")
    kept = [x for x, _ in Sieve(model, ratio, percentile).draws(count, seed, asked)]
    return torch.cat(kept) if kept else torch.empty(0, *model.space.shape)


def _logits(logs: Tensor, greatest: float) -> Tensor:
    """The logits of the chances r / M (equation 8 of the paper, before gamma)."""
    below = logs - greatest
    return below - torch.log1p(-torch.exp(below - _CLOSE))
