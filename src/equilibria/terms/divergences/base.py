"""A divergence: the two losses of a contest, and its properties."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ...core.catalogue import as_builder, required
from ...core.errors import Refusal

Function = Callable[[Tensor], Tensor]  # elementwise

_FAR = 80.0  # the largest logarithm of a ratio: beyond it every sample is accepted, or none
_HALVINGS = 60

EVERYWHERE = (-math.inf, math.inf)


@dataclass(frozen=True)
class FDivergence:
    """An f-divergence in its variational form (Nowozin et al. 2016): u = p / q, a score v, and T = g_f(v)."""

    f: Function  # f(u), convex, for u > 0
    activation: Function  # g_f(v): from all scores into the domain of f*, increasing
    conjugate: Function  # f*(t) = sup over u of u t - f(u)
    optimal_output: Function  # T*(u) = f'(u), of the optimal critic
    optimal_score: Function  # v*(u), the optimal critic's score: g_f(v*) = T*
    fake_loss: Function  # f*(g_f(v)) in one expression: finite where the composition would overflow or cancel
    domain: tuple[float, float] = EVERYWHERE  # of f*: an open interval
    derivative_at_one: float = 0.0  # f'(1)

    @property
    def score_at_one(self) -> float:
        """The optimal score where p = q; 0 where it jumps."""
        score = float(self.optimal_score(torch.ones(1, dtype=torch.float64)))
        return score if math.isfinite(score) else 0.0

    @property
    def signed(self) -> bool:
        """Whether the optimal score is positive exactly where p > q."""
        return abs(float(self.activation(torch.zeros((), dtype=torch.float64))) - self.derivative_at_one) < 1e-9

    def log_ratio(self, v: Tensor) -> Tensor:
        """The log u whose optimal score is v, by bisection: (B,) to (B,) in double precision."""
        v = v.double()
        low, high = torch.full_like(v, -_FAR), torch.full_like(v, _FAR)
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            below = self.optimal_score(middle.exp()) < v
            low, high = torch.where(below, middle, low), torch.where(below, high, middle)
        return (low + high) / 2


LIKELIER = "it says which of the two is likelier, not by how much"  # of an optimal score with two values

Loss = Callable[[Tensor, Tensor], Tensor]  # scores (real, fake), each (B,), to per-sample values (B,)


@dataclass(frozen=True)
class Divergence:
    """Two losses over scores, and how the critic's loss relates to the distance between data and model.

    Example:
        >>> wasserstein = eq.Divergence(lambda real, fake: fake - real, lambda real, fake: -fake)
        >>> wasserstein.critic(torch.ones(3), torch.zeros(3))
        tensor([-1., -1., -1.])
    """

    critic: Loss  # minimized by the critic
    generator: Loss  # minimized by the player that makes the fake views
    paired: bool = False  # the generator's loss also reads the real scores
    estimate: Callable[[float], float] | None = None  # from the critic's mean loss to a distance (a lower bound)
    measures: str = ""  # that distance in words; after a comma its units and its range
    f_divergence: FDivergence | None = None  # its variational form, if it has one
    supremum: float | None = None  # of the estimate; None if infinite or unknown
    lipschitz: bool = False  # the estimate is a distance only if the critic's gradient norm is bounded
    signed_scores: bool = True  # the optimal score is above 0 where data is likelier, and below 0 elsewhere
    rest: float = 0.0  # the optimal score where data and samples agree
    generator_rests: bool = True  # False: the generator's loss follows the scores, which have no fixed zero
    unsaturated: str = ""  # the divergence to use if this generator's gradient vanishes against a good critic
    log_ratio: Function | None = None  # from the optimal score to log(p_data / p_model), each (B,)
    score: str = ""  # the optimal score in words; without a log_ratio the reason; {name} is the divergence's
    meaning: tuple[str, str] | None = None  # of the two losses; {at} is their value at rest, {measures} as above


def own_divergence(part: Any) -> Callable[..., Divergence]:
    """A builder of a user's own divergence.

    It is a Divergence; two functions of scores (real, fake), the losses of the critic and of the generator, which may
    take the fake ones alone; the critic's alone, whose negative is then the generator's; or a function that returns a
    Divergence. Raises Refusal for others.
    """
    if isinstance(part, tuple) and len(part) == 2:
        critic, generator = part
        if len(required(generator)) == 1:
            return lambda: Divergence(critic, lambda real, fake: generator(fake))
        return lambda: Divergence(critic, generator, paired=True)
    if isinstance(part, Divergence) or not required(part):
        return as_builder(part)
    if len(arguments := required(part)) == 2:
        return lambda: Divergence(part, lambda real, fake: -part(real, fake), paired=True)
    name = getattr(part, "__name__", type(part).__name__)
    raise Refusal(f"A divergence takes the scores (real, fake), and {name} takes {', '.join(arguments)}.")


def traits(divergence: Divergence) -> dict[str, Any]:
    """The properties of a divergence as plain values: for the doctor, and recorded by a run for a user's own one.

    `rests` are the losses and the score of the optimal critic where data and samples agree, None for no such value.
    `logit` is whether the score is itself the logarithm of the ratio.
    """
    scores = torch.full((1,), divergence.rest, dtype=torch.float64)
    points = torch.linspace(-3, 3, 7, dtype=torch.float64)
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
        "logit": divergence.log_ratio is not None and torch.equal(divergence.log_ratio(points), points),
        "score": divergence.score,
    }
