"""A divergence: the two losses of a contest, and what is known of it."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Function = Callable[[Tensor], Tensor]  # elementwise

_FAR = 80.0  # the greatest logarithm of a ratio: beyond it every sample is accepted, or none
_HALVINGS = 60


@dataclass(frozen=True)
class FDivergence:
    """The divergence and its variational form (Nowozin et al. 2016): u = p / q, a score v, and T = g_f(v)."""

    f: Function  # f(u), convex, for u > 0
    activation: Function  # g_f(v): from all scores into the domain of f*, rising
    conjugate: Function  # f*(t) = the greatest u t - f(u)
    domain: tuple[float, float]  # of f*, between these
    derivative_at_one: float  # f'(1)
    optimal_output: Function  # T*(u) = f'(u), what the best critic says
    optimal_score: Function  # v*(u), the score that it says it with: g_f(v*) = T*
    fake_loss: Function  # f*(g_f(v)) in one expression: finite where the two in turn would overflow or cancel

    @property
    def score_at_one(self) -> float:
        """The score where data and samples are alike; 0 where it jumps."""
        score = float(self.optimal_score(torch.ones(1, dtype=torch.float64)))
        return score if math.isfinite(score) else 0.0

    @property
    def signed(self) -> bool:
        """Whether the score 0 parts where data are likelier from where samples are."""
        return abs(float(self.activation(torch.zeros((), dtype=torch.float64))) - self.derivative_at_one) < 1e-9

    def log_ratio(self, v: Tensor) -> Tensor:
        """log u of the ratio u whose best score is v, by bisection: (B,) to (B,) in double precision."""
        v = v.double()
        low, high = torch.full_like(v, -_FAR), torch.full_like(v, _FAR)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = self.optimal_score(middle.exp()) < v
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2


LIKELIER = "it says which of the two is likelier, not by how much"  # a best score that is one of two values

Loss = Callable[[Tensor, Tensor], Tensor]  # scores (real, fake), each (B,), to per-sample values (B,)


@dataclass(frozen=True)
class Divergence:
    """Two losses over scores, and what the critic's loss says about the distance between data and model."""

    critic: Loss  # minimized by the critic
    generator: Loss  # minimized by whoever draws the fake views
    paired: bool = False  # the generator's loss reads the real scores too
    estimate: Callable[[float], float] | None = None  # the critic's mean loss, read as a distance (a lower bound)
    measures: str = ""  # that distance in words; after a comma its units and its range
    f_divergence: FDivergence | None = None  # of an f-divergence in its variational form
    supremum: float | None = None  # the greatest value of the estimate; None where it has none, or nobody knows it
    lipschitz: bool = False  # the estimate is a distance only while the critic's gradient norm is bounded
    signed_scores: bool = True  # the best critic's score is above 0 where data are likelier, and below 0 elsewhere
    rest: float = 0.0  # the best critic's score where data and samples are alike
    generator_rests: bool = True  # not where the generator's loss moves with the critic's scores, which have no zero
    unsaturated: str = ""  # the divergence to take where this generator's gradient vanishes before a good critic
    log_ratio: Function | None = None  # from the best critic's score to log(p_data / p_model), each (B,)
    score: str = ""  # what that score is in words; without a log_ratio why it tells none; {name} is the divergence's
    meaning: tuple[str, str] | None = None  # of the two losses in words; {at} is where they rest, {measures} as above


def traits(divergence: Divergence) -> dict[str, Any]:
    """What others must know of a divergence, as plain values: the doctor reads them, and a run records the user's own.

    `rests` are the losses and the score where data and samples are alike and the critic at its best, None for no such
    value. `logit` says whether the score itself is the logarithm of the ratio.
    """
    scores = torch.full((1,), divergence.rest, dtype=torch.float64)
    with torch.no_grad():
        losses = [float(loss(scores, scores)) for loss in (divergence.critic, divergence.generator)]
    rests = [losses[0], losses[1] if divergence.generator_rests else None, divergence.rest]
    return {
        "measures": divergence.measures,
        "supremum": divergence.supremum,
        "lipschitz": divergence.lipschitz,
        "unsaturated": divergence.unsaturated,
        "rests": [value if value is not None and math.isfinite(value) else None for value in rests],
        "meaning": None if divergence.meaning is None else list(divergence.meaning),
        "logit": _is_logit(divergence.log_ratio),
        "score": divergence.score,
    }


def _is_logit(log_ratio: Function | None) -> bool:
    scores = torch.linspace(-3, 3, 7, dtype=torch.float64)
    return log_ratio is not None and torch.equal(log_ratio(scores), scores)
