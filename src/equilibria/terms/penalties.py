"""Penalties on the critic. The table at the end is the registration."""

import copy
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from ..core.catalogue import Catalogue, renamed_options
from ..core.distributed import all_reduce_mean
from ..core.errors import Refusal, nearest
from ..core.types import Critic, Views, lazy
from .gradients import input_gradient, leaves


@dataclass
class Duel:
    """One confrontation of real with fake, and the critic's verdict, given when it is first asked for."""

    critic: Critic
    real: Views  # each (B, ...)
    fake: Views  # each (B, ...)
    together: bool = False  # one pass may score both sides: right for a critic that treats samples independently

    @lazy
    def real_scores(self) -> Tensor:
        """The critic's scores of the real side: (B,)."""
        return self.critic(*self.real)

    @lazy
    def fake_scores(self) -> Tensor:
        """The critic's scores of the fake side: (B,)."""
        return self.critic(*self.fake)

    @property
    def scores(self) -> tuple[Tensor, Tensor]:
        """Real and fake, each (B,): in one pass if it may be, and no penalty has asked for one side's own."""
        if self.together and not {"real_scores", "fake_scores"} & self.__dict__.keys():
            both = self.critic(*(torch.cat(pair) for pair in zip(self.real, self.fake, strict=True)))
            self.real_scores, self.fake_scores = both.chunk(2)
        return self.real_scores, self.fake_scores


Penalty = Callable[[Duel], Tensor]  # -> (B,); one that remembers is an nn.Module: its buffers are saved with the run


@dataclass(frozen=True)
class GradientPenalty:
    """A penalty on the critic's gradient, with what others must know of it. Calling it gives the cost: (B,)."""

    cost: Penalty
    target_norm: float | None = None  # the gradient norm between data and samples that costs nothing, if there is one
    one_sided: bool = False  # smaller norms cost nothing, too
    auto_weight: tuple[float, float] | None = None  # what the weight `auto` means: for points, for images
    uses_gradient: bool = True

    def __call__(self, duel: Duel) -> Tensor:
        return self.cost(duel)


def uses_gradient(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> bool:
    """Whether a penalty reads the critic's gradient: as its field `uses_gradient` says, else as a probe shows.

    The probe compares what critics pay whose scores of samples of this shape are all 0, and whose gradients differ. A
    penalty that cannot be probed counts as one on the gradient, which is the stricter case.
    """
    if isinstance(said := getattr(penalty, "uses_gradient", None), bool):
        return said
    try:
        flat, *steep = (_cost(penalty, slope, shape) for slope in (0.0, 1.0, 3.0))
    except Exception:
        return True
    return any(not torch.equal(flat, cost) for cost in steep)


def traits(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> dict[str, Any]:
    """What others must know of a penalty, as plain values: the doctor reads them, and a run records the user's own."""
    return {
        "uses_gradient": uses_gradient(penalty, shape),
        "target_norm": getattr(penalty, "target_norm", None),
        "one_sided": getattr(penalty, "one_sided", False),
    }


def _cost(penalty: Penalty, slope: float, shape: tuple[int, ...]) -> Tensor:
    """What a critic of this slope pays whose scores are all 0; with the same random numbers every time."""

    def critic(*views: Tensor) -> Tensor:
        with torch.no_grad():
            level = torch.cat([view.flatten(1) for view in views], dim=1).sum(dim=1)
        return slope * (torch.cat([view.flatten(1) for view in views], dim=1).sum(dim=1) - level)

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        real, fake = (torch.randn(4, *shape) for _ in range(2))
        return copy.deepcopy(penalty)(Duel(critic, leaves((real,)), leaves((fake,))))


def require_nonnegative(name: str, **options: float) -> None:
    """A critic is not paid for what it should avoid, and slopes and spreads are lengths."""
    for option, value in options.items():
        if not 0 <= value < math.inf:
            raise Refusal(f"{name} has {option} {value:g}: a finite number of 0 or more is needed.")


Sampler = Callable[[Views, Views], Views]


def between(real: Views, fake: Views) -> Views:
    """Uniformly on the segments that join real to fake, one coefficient a sample."""
    share = torch.rand(len(real[0]), dtype=real[0].dtype, device=real[0].device)
    return tuple(torch.lerp(r, f, share.view(-1, *[1] * (r.ndim - 1))) for r, f in zip(real, fake, strict=True))


def real(real: Views, fake: Views) -> Views:
    """On the data."""
    return real


def fake(real: Views, fake: Views) -> Views:
    """On the samples."""
    return fake


def around(spread: float) -> Sampler:
    """In a cloud around the data, `spread` times as wide as the batch: a deviation over all its numbers.

    The width is a constant of the data, to which no slope leads; a single sample has one too.
    """

    def near(real: Views, fake: Views) -> Views:
        with torch.no_grad():
            noise = [spread * r.std(correction=0) * torch.randn_like(r) for r in real]
        return tuple(r + n for r, n in zip(real, noise, strict=True))

    return near


SAMPLERS = Catalogue("sampler", between=between, real=real, fake=fake)


@renamed_options(slope="target_norm")
def gradient_penalty(weight: float = 10.0, target_norm: float = 1.0, one_sided: bool = False) -> Penalty:
    """Slope one between real and fake: weight (|grad D| - target_norm)^2 (WGAN-GP, Gulrajani et al. 2017).

    One-sided, only steeper slopes pay (their section 4).
    """
    require_nonnegative("gradient_penalty", weight=weight, target_norm=target_norm)

    def two_sided(duel: Duel) -> Tensor:
        return weight * (_steepness(duel, between) - target_norm) ** 2

    def only_above(duel: Duel) -> Tensor:
        return weight * relu(_steepness(duel, between) - target_norm) ** 2

    cost = only_above if one_sided else two_sided
    return GradientPenalty(
        cost, target_norm, one_sided, auto_weight=(0.1, 10.0)
    )  # the authors', of toy data and all others


def divergence_penalty(weight: float = 2.0, power: float = 6.0, sampler: str = "between") -> Penalty:
    """Steepness has a price everywhere: weight |grad D|^power (WGAN-div, Wu et al. 2018; k = 2, p = 6).

    Measured `between`, on `real`, on `fake`, or on `both` (the mean of the last two).
    """
    require_nonnegative("divergence_penalty", weight=weight, power=power)
    if power <= 1:
        raise Refusal(f"divergence_penalty has power {power}: it must exceed 1 for the optimum to exist.")

    def on(place: str, duel: Duel) -> Tensor:
        if power < 2:  # a root of the squares has no slope before a flat critic, their norm has
            return weight * _steepness(duel, SAMPLERS[place]) ** power
        return weight * _slopes(duel, SAMPLERS[place]).square().sum(dim=1) ** (power / 2)

    if sampler == "both":
        return GradientPenalty(lambda duel: (on("real", duel) + on("fake", duel)) / 2)
    if sampler not in SAMPLERS:
        known = [*SAMPLERS, "both"]
        raise Refusal(f"divergence_penalty knows no sampler {sampler!r}.{nearest(sampler, known)}")
    return GradientPenalty(lambda duel: on(sampler, duel))


def r1(weight: float = 10.0) -> Penalty:
    """Flat on the data: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    require_nonnegative("r1", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _slopes(duel, real).square().sum(dim=1))


def r2(weight: float = 10.0) -> Penalty:
    """Flat on the samples: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    require_nonnegative("r2", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _slopes(duel, fake).square().sum(dim=1))


def zero_centered(weight: float = 10.0) -> Penalty:
    """Flat between real and fake: weight |grad D|^2 (0-GP, Thanh-Tung et al. 2019)."""
    require_nonnegative("zero_centered", weight=weight)
    return divergence_penalty(weight, power=2.0, sampler="between")


@renamed_options(slope="target_norm", spread="std")
def dragan(weight: float = 10.0, target_norm: float = 1.0, std: float = 0.5) -> Penalty:
    """Slope one around the data: weight (|grad D(x + noise)| - target_norm)^2 (DRAGAN, Kodali et al. 2017).

    `std` is the standard deviation of the noise, in units of the batch's. The noise is Gaussian, as in the paper; its
    scaling with the batch is from the released code, whose noise is uniform and never negative.
    """
    require_nonnegative("dragan", weight=weight, target_norm=target_norm, std=std)
    near = around(std)
    return GradientPenalty(lambda duel: weight * (_steepness(duel, near) - target_norm) ** 2)


def _steepness(duel: Duel, sampler: Sampler) -> Tensor:
    """The slope of each score where the sampler says: (B,)."""
    return torch.linalg.vector_norm(_slopes(duel, sampler), dim=1)


def _slopes(duel: Duel, sampler: Sampler) -> Tensor:
    """The critic's gradient where the sampler says, from the duel's own scores where they are those: (B, D)."""
    known = duel.real_scores if sampler is real else duel.fake_scores if sampler is fake else None
    return input_gradient(duel.critic, sampler(duel.real, duel.fake), known)


def lecam(weight: float = 0.3, decay: float = 0.99) -> Penalty:
    """Scores stay near the other side's average: weight ((D(x) - a_fake)^2 + (D(G(z)) - a_real)^2) (Tseng et al. 2021).

    `decay` is what the averages a_real and a_fake of the scores keep of themselves in a move of the critic.
    """
    require_nonnegative("lecam", weight=weight)
    if not 0 <= decay < 1:
        raise Refusal(f"lecam has decay {decay}: the averages need one of at least 0 and below 1.")
    return LeCam(weight, decay)


class LeCam(nn.Module):
    """The penalty and its memory: the averages before this move are the anchors, then this move joins them.

    So a sample's cost depends on no other sample of its batch. The averages start at zero; they are those of all
    processes.
    """

    uses_gradient = False

    averages: Tensor  # (2,), of the real and of the fake scores
    anchors: Tensor  # (2,), what they were before this move

    def __init__(self, weight: float, decay: float):
        super().__init__()
        self.weight, self.decay = weight, decay
        self.register_buffer("averages", torch.zeros(2))
        self.register_buffer("anchors", torch.zeros(2))

    def forward(self, duel: Duel) -> Tensor:
        """What each pair of samples costs: (B,)."""
        real, fake = duel.scores
        with torch.no_grad():  # a compiled gradient reads the anchors after the averages have moved on
            self.anchors.copy_(self.averages)
            means = torch.stack([all_reduce_mean(real), all_reduce_mean(fake)])
            self.averages.lerp_(means.to(self.averages.dtype), 1 - self.decay)
        return self.weight * ((real - self.anchors[1]) ** 2 + (fake - self.anchors[0]) ** 2)


__all__ = ["FLAT", "LIPSCHITZ", "PENALTIES", "Duel", "GradientPenalty", "Penalty", "traits", "uses_gradient"]

PENALTIES = Catalogue(
    "penalty",
    gradient_penalty=gradient_penalty,
    divergence_penalty=divergence_penalty,
    r1=r1,
    r2=r2,
    zero_centered=zero_centered,
    dragan=dragan,
    lecam=lecam,
)

LIPSCHITZ, FLAT = "gradient_penalty", "r1"  # to take where a critic's gradient norm is to be 1, or its game to rest
