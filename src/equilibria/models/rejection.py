"""Discriminator rejection sampling (Azadi et al. 2019)."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.specs import make
from ..recipes.recipe import Recipe
from ..records.folder import RECIPE
from ..terms.divergences import DIVERGENCES
from ..terms.divergences.base import Function
from .conditions import LabelQuery
from .critic_outputs import condition_kwargs, critic_of
from .model_folder import find_file, recorded_parts

if TYPE_CHECKING:
    from .model import Model

_BURN_IN, _COIN = -5, -6  # places of the burn-in draws, and of the coins
_EPSILON = 1e-6  # the paper's: at the greatest ratio the logit stays finite
_PATIENCE = 1000  # draws for each sample, at most


def log_ratio(divergence: str | Mapping[str, Any], recorded: Mapping[str, Any] | None = None) -> tuple[Function, str]:
    """From scores (B,) to log(p_data / p_model) (B,) in double precision, and the optimal critic's score in words.

    `recorded` is what a run records of a custom divergence, whose code is then not run. Raises Refusal for a divergence
    whose optimal critic does not determine the ratio.
    """
    spec: dict[str, Any] = {"name": divergence} if isinstance(divergence, str) else dict(divergence)
    name = spec["name"]
    if recorded is not None:
        ratio, score = Tensor.double if recorded.get("logit") else None, str(recorded.get("score") or "")
    else:
        part = make(DIVERGENCES, spec, "divergence")
        ratio, score = part.log_ratio, part.score
    if ratio is not None:
        return ratio, score.replace("{name}", name) or "log(p_data / p_model)"
    if score:
        raise Refusal(
            f"Rejection needs a critic whose score determines a density ratio, and that of {name!r} does not: {score}. "
            f"Train with non_saturating, minimax, relativistic, or an f-divergence such as kl."
        )
    raise Refusal(f"Rejection needs a critic whose score determines a density ratio; for {name!r} that is unknown.")


def ratio_of(folder: Path | None) -> tuple[Function, str]:
    """The same for the model in a folder, by its recipe; no code that the recipe names is run."""
    path = find_file(folder, RECIPE)
    if path is None:
        raise Refusal(
            "There is no recipe.json with this model, which says what the scores of its critic mean: give the folder "
            "of a run, such as runs/NAME."
        )
    spec = Recipe.load(path, trust=True).divergence
    if spec is None:
        raise Refusal("This model was trained by a game without a divergence: no critic compares data with samples.")
    return log_ratio(spec, recorded_parts(folder).get("divergence") or {} if ":" in spec["name"] else None)


@dataclass
class RejectionSampler:
    """A model's draws, each accepted with the probability r / (e^gamma (M - r) + r), where r = p_data / p_model.

    M is the greatest ratio so far. With gamma = 0 the probability is r / M, and the accepted draws follow the data if
    the critic is optimal; a gamma at a percentile of the burn-in accepts more, and is no longer exact.
    """

    model: "Model"
    ratio: Function  # from scores (B,) to the logarithms of r, (B,)
    percentile: float | None = 80.0  # of the burn-in's logits, used as gamma; None: gamma is 0
    burn_in: int = 10_000  # draws that estimate M and gamma, and are dropped
    draws: int = field(default=0, init=False)
    accepted: int = field(default=0, init=False)
    greatest: float = field(default=-math.inf, init=False)  # log M
    gamma: float = field(default=0.0, init=False)

    def __post_init__(self) -> None:
        critic_of(self.model)
        if self.percentile is not None and not 0 <= self.percentile <= 100:
            raise Refusal(f"percentile is {self.percentile:g}: a number from 0 to 100 is needed, or none.")
        if self.burn_in < 1:
            raise Refusal(f"burn_in is {self.burn_in}: at least 1 draw is needed to estimate the greatest ratio.")

    def batches(self, count: int, seed: int = 0, y: Tensor | None = None) -> Iterator[tuple[Tensor, Tensor | None]]:
        """`count` accepted samples and their conditions, at most 64 at a time.

        All have the condition y, (1, C), if it is given; M is estimated for it alone.
        """
        self._estimate(seed, y)
        remaining, chunk, size = count, 0, self.model.CHUNK
        while remaining > 0:
            if chunk * size > _PATIENCE * count:
                raise Refusal(
                    f"{chunk * size - size:,} draws gave {count - remaining} of {count} samples: the critic rejects "
                    f"almost all. Accept more with a lower --percentile."
                )
            x, conditions, logs = self._draw(y, seed, chunk)
            self.greatest = max(self.greatest, float(logs.max()))
            chances = torch.sigmoid(_logits(logs, self.greatest) - self.gamma)
            coins = torch.rand(len(x), generator=generator(seed, chunk, _COIN), dtype=torch.float64)
            rows = (coins < chances).nonzero().flatten()[:remaining]
            self.draws += len(x) if len(rows) < remaining else int(rows[-1]) + 1
            self.accepted, remaining, chunk = self.accepted + len(rows), remaining - len(rows), chunk + 1
            if len(rows):
                rows = rows.to(x.device)
                yield x[rows], None if conditions is None else conditions[rows]

    @property
    def rate(self) -> float:
        """The share of accepted draws."""
        return self.accepted / max(self.draws, 1)

    def _estimate(self, seed: int, y: Tensor | None) -> None:
        """Estimate the greatest ratio, and gamma."""
        chunks = range(-(-self.burn_in // self.model.CHUNK))
        logs = torch.cat([self._draw(y, seed, _BURN_IN, i)[2] for i in chunks])
        self.greatest = float(logs.max())
        if self.percentile is not None:
            logits = _logits(logs, self.greatest)
            self.gamma = float(logits.sort().values[round(self.percentile / 100 * (len(logits) - 1))])

    @torch.no_grad()
    def _draw(self, condition: Tensor | None, *place: int) -> tuple[Tensor, Tensor | None, Tensor]:
        """Draws of the model at this place, their conditions, and the logarithms of their ratios, on the host."""
        z, y = self.model.draw_latents(self.model.CHUNK, *place)
        if condition is not None:
            y = condition.to(z.device).expand(self.model.CHUNK, -1)
        x = self.model.networks["generator"](z, y).float()
        views = (x, z) if self.model.critic_input.views == "pairs" else (x,)
        return x, y, self.ratio(self.model.networks["critic"](*views, **condition_kwargs(y)).float()).cpu()

    def summary(self, meaning: str, several: bool = False) -> list[str]:
        """The rate and the assumptions, a sentence each; `meaning` is the optimal critic's score in words."""
        bound = "their own greatest ratios" if several else f"the greatest ratio met, exp({self.greatest:.3g})"
        joint = " of a sample and its latent together" if self.model.critic_input.views == "pairs" else ""
        sentences = [
            f"Kept {self.accepted:,} of {self.draws:,} draws ({100 * self.rate:.3g} %), measured against {bound}.",
            f"Assumed: the critic is optimal against this generator, so that its score is {meaning}{joint}. Penalties, "
            f"augmentations and unfinished training make that inexact, and a maximum over {self.burn_in:,} draws may "
            f"be too low.",
        ]
        if self.percentile is not None:
            sentences.append(
                f"Gamma is the {self.percentile:g}th percentile of the logits (Azadi et al. 2019), so the result lies "
                f"between model and data; with --percentile none rejection is exact."
            )
        return sentences


def reject(
    model: "Model", count: int, seed: int = 0, labels: LabelQuery | None = None, percentile: float | None = 80.0
) -> Tensor:
    """Samples that the critic accepts, (count, *space.shape), of one label or none; see `RejectionSampler`.

    Example:
        >>> model = eq.load("runs/digits")
        >>> model.reject(4, labels=7, percentile=90).shape
        torch.Size([4, 1, 8, 8])
    """
    ratio, _ = ratio_of(model.folder)
    y = None if labels is None else model.conditions_of(labels)
    if y is not None and len(y) > 1:
        raise Refusal(f"{labels!r} means {len(y)} labels: draw of one at a time.")
    batches = RejectionSampler(model, ratio, percentile).batches(count, seed, y)
    return torch.cat([torch.empty(0, *model.space.shape, device=model.device), *(x for x, _ in batches)])


def _logits(logs: Tensor, greatest: float) -> Tensor:
    """The logits of the chances r / M (equation 8 of the paper, before gamma)."""
    below = logs - greatest
    return below - torch.log1p(-torch.exp(below - _EPSILON))
