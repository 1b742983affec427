"""Discriminator rejection sampling (Azadi et al. 2019)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.specs import Spec, make
from ..terms.divergences import DIVERGENCES
from ..terms.divergences.base import Function
from . import inputs
from .conditions import Asked
from .critic_outputs import judge, told
from .sampler import CHUNK, Sampler


def log_ratio(divergence: str | Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> tuple[Function, str]:
    """From scores (B,) to log(p_data / p_model) (B,) in double precision, and what the best critic's score is in words.

    `recorded` is what a run says of a divergence of the user's own, whose code is then not run. Raises Refusal for a
    divergence whose best critic does not tell the ratio.
    """
    spec: dict[str, Any] = {"name": divergence} if isinstance(divergence, str) else dict(divergence)
    name = spec["name"]
    if recorded is not None:
        ratio, score = Tensor.double if recorded.get("logit") else None, str(recorded.get("score") or "")
    else:
        made = make(DIVERGENCES, spec, "divergence")
        ratio, score = made.log_ratio, made.score
    if ratio is not None:
        return ratio, score.replace("{name}", name) or "log(p_data / p_model)"
    if score:
        raise Refusal(
            f"Rejection needs a critic whose score tells how likely a sample is, and that of {name!r} does not: "
            f"{score}. Models of non_saturating, minimax, relativistic, or an f-divergence such as kl can be "
            f"sampled so."
        )
    raise Refusal(f"Rejection needs a critic whose score tells how likely a sample is; of {name!r} nobody knows.")


def ratio_of(place: Path | None) -> tuple[Function, str]:
    """The same for the model in a folder, by the recipe beside it; nothing that it names is run."""
    spec = divergence_of(place)
    recorded = inputs.parts(place).get("divergence") or {} if ":" in spec["name"] else None
    return log_ratio(spec, recorded)


def divergence_of(place: Path | None) -> Spec:
    """What the critic of the model in a folder was trained by, as the recipe beside it says."""
    recipe = inputs.recipe(place, trust=True)
    if recipe is None:
        raise Refusal(
            "There is no recipe.json beside this model, and without it nobody knows what the scores of its critic "
            "mean: give the folder of a run, such as runs/NAME."
        )
    if recipe.divergence is None:
        raise Refusal("This model was trained by a game without a divergence: no critic tells data from model.")
    return recipe.divergence


_BURN, _COIN = -5, -6  # places of the draws that the maximum is found with, and of the coins
_CLOSE = 1e-6  # the paper's epsilon: at the greatest ratio the logit stays finite
_PATIENCE = 1000  # draws for each sample that is wanted, at most


@dataclass
class Sieve:
    """A model's draws, each kept with the probability r / (e^gamma (M - r) + r), where r = p_data / p_model.

    M is the greatest ratio met. With gamma = 0 that is r / M, and what is kept follows the data if the critic is the
    best there is; a gamma at a percentile of the burn-in keeps more, and is no longer exact.
    """

    model: Sampler
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
    model: Sampler,
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
