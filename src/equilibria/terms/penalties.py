"""Penalties on the critic. The catalogue at the end is the registration."""

import copy
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from ..core.catalogue import Catalogue, as_builder, renamed_options, required, with_options
from ..core.distributed import all_reduce_mean
from ..core.errors import Refusal, at_least, nearest
from ..core.types import Critic, Views, lazy
from .gradients import input_gradient, leaves


@dataclass
class Duel:
    """Real and fake views, and the critic's scores of them, computed at first use."""

    critic: Critic
    real: Views  # each (B, ...)
    fake: Views  # each (B, ...)
    together: bool = False  # one pass scores both sides: right for a critic that treats samples independently

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
        """Real and fake, each (B,): in one pass if allowed, and if no penalty has used the scores of one side."""
        if self.together and not {"real_scores", "fake_scores"} & self.__dict__.keys():
            both = self.critic(*(torch.cat(pair) for pair in zip(self.real, self.fake, strict=True)))
            self.real_scores, self.fake_scores = both.chunk(2)
        return self.real_scores, self.fake_scores


Penalty = Callable[[Duel], Tensor]  # -> (B,); one with a state is an nn.Module, whose buffers are saved with the run
Penalties = Mapping[str, Penalty]  # by name


@dataclass(frozen=True)
class GradientPenalty:
    """A penalty on the critic's gradient, with its properties. A call returns the cost: (B,)."""

    cost: Penalty
    target_norm: float | None = None  # the gradient norm between data and samples that costs nothing, if there is one
    one_sided: bool = False  # smaller norms cost nothing either
    auto_weight: tuple[float, float] | None = None  # the meaning of the weight `auto`: for points, for images
    uses_gradient: bool = True
    distance: Callable[[float], float] | None = None  # of two points, from a settled Wasserstein critic's gap

    def __call__(self, duel: Duel) -> Tensor:
        return self.cost(duel)


def uses_gradient(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> bool:
    """Whether a penalty depends on the critic's gradient, by its field `uses_gradient`, else by a probe.

    The probe compares critics that score samples of this shape 0, with different gradients. A penalty that cannot be
    probed counts as one on the gradient, which is the stricter case.
    """
    if isinstance(field := getattr(penalty, "uses_gradient", None), bool):
        return field
    try:
        first, *others = (_cost(penalty, gradient, shape) for gradient in (0.0, 1.0, 3.0))
        return any(not torch.equal(first, cost) for cost in others)
    except Exception:
        return True


def traits(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> dict[str, Any]:
    """The properties of a penalty as plain values: for the doctor, and recorded by a run for a user's own penalty."""
    return {
        "uses_gradient": uses_gradient(penalty, shape),
        "target_norm": getattr(penalty, "target_norm", None),
        "one_sided": getattr(penalty, "one_sided", False),
        "reaches_critic": reaches_critic(penalty, shape),
    }


def reaches_critic(penalty: Penalty, shape: tuple[int, ...] = (4,)) -> bool:
    """Whether the cost has a gradient for the critic's weights, by a probe; True for one that cannot be probed."""
    try:
        return _cost(penalty, torch.tensor(3.0, requires_grad=True), shape).requires_grad
    except Exception:
        return True


def _cost(penalty: Penalty, gradient: float | Tensor, shape: tuple[int, ...]) -> Tensor:
    """The cost of a critic with this partial derivative everywhere and scores of 0; random numbers are fixed."""

    def critic(*views: Tensor) -> Tensor:
        sums = torch.stack([view.flatten(1).sum(dim=1) for view in views]).sum(dim=0)
        with torch.no_grad():
            constant = sums.clone()
        return gradient * (sums - constant)

    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.default_generator.manual_seed(0)
        real, fake = (torch.randn(4, *shape) for _ in range(2))
        return copy.deepcopy(penalty)(Duel(critic, leaves((real,)), leaves((fake,))))


Sampler = Callable[[Views, Views], Views]


def between(real: Views, fake: Views) -> Views:
    """Uniform on the segments between real and fake, one coefficient per sample."""
    share = torch.rand(len(real[0]), dtype=real[0].dtype, device=real[0].device)
    return tuple(torch.lerp(r, f, share.view(-1, *[1] * (r.ndim - 1))) for r, f in zip(real, fake, strict=True))


def real(real: Views, fake: Views) -> Views:
    """On the data."""
    return real


def fake(real: Views, fake: Views) -> Views:
    """On the samples."""
    return fake


def around(std: float) -> Sampler:
    """The data plus Gaussian noise, its standard deviation in units of that of all values in the batch, a constant."""

    def noisy(real: Views, fake: Views) -> Views:
        with torch.no_grad():
            noise = [std * r.std(correction=0) * torch.randn_like(r) for r in real]
        return tuple(r + n for r, n in zip(real, noise, strict=True))

    return noisy


SAMPLERS = Catalogue("sampler", between=between, real=real, fake=fake)


@renamed_options(slope="target_norm")
def gradient_penalty(weight: float = 10.0, target_norm: float = 1.0, one_sided: bool = False) -> Penalty:
    """Gradient norm 1 between real and fake: weight (|grad D| - target_norm)^2 (WGAN-GP, Gulrajani et al. 2017).

    One-sided, only larger norms are penalized (their section 4).
    """
    at_least(0, "gradient_penalty", weight=weight, target_norm=target_norm)

    def cost(duel: Duel) -> Tensor:
        excess = _gradient_norm(duel, between) - target_norm
        return weight * (relu(excess) if one_sided else excess) ** 2

    def distance(gap: float) -> float:
        """W of the gap target_norm W + W^2 / (2 weight), a settled critic's between two points."""
        return weight * (math.sqrt(target_norm**2 + 2 * max(gap, 0) / weight) - target_norm)

    auto_weight = (0.1, 10.0)  # the authors', for toy data and for all others
    reads = distance if weight * target_norm else None  # otherwise the gap is infinite, or one of squared distances
    return GradientPenalty(cost, target_norm, one_sided, auto_weight, distance=reads)


def divergence_penalty(weight: float = 2.0, power: float = 6.0, sampler: str = "between") -> Penalty:
    """A power of the gradient norm: weight |grad D|^power (WGAN-div, Wu et al. 2018; k = 2, p = 6).

    Measured `between`, on `real`, on `fake`, or on `both` (the mean of the last two).
    """
    at_least(0, "divergence_penalty", weight=weight, power=power)
    if power <= 1:
        raise Refusal(f"divergence_penalty has power {power}: it must exceed 1 for the optimum to exist.")

    def cost(name: str, duel: Duel) -> Tensor:
        if power < 2:  # a root of the squares has no gradient for a constant critic, their norm has
            return weight * _gradient_norm(duel, SAMPLERS[name]) ** power
        return weight * _squared_norm(duel, SAMPLERS[name]) ** (power / 2)

    if sampler == "both":
        return GradientPenalty(lambda duel: (cost("real", duel) + cost("fake", duel)) / 2)
    if sampler not in SAMPLERS:
        raise Refusal(f"divergence_penalty has no sampler {sampler!r}.{nearest(sampler, [*SAMPLERS, 'both'])}")
    return GradientPenalty(lambda duel: cost(sampler, duel))


def r1(weight: float = 10.0) -> Penalty:
    """Zero gradient on the data: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    at_least(0, "r1", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _squared_norm(duel, real))


def r2(weight: float = 10.0) -> Penalty:
    """Zero gradient on the samples: weight/2 |grad D|^2 (Mescheder et al. 2018)."""
    at_least(0, "r2", weight=weight)
    return GradientPenalty(lambda duel: weight / 2 * _squared_norm(duel, fake))


def zero_centered(weight: float = 10.0) -> Penalty:
    """Zero gradient between real and fake: weight |grad D|^2 (0-GP, Thanh-Tung et al. 2019)."""
    at_least(0, "zero_centered", weight=weight)
    return divergence_penalty(weight, power=2.0, sampler="between")


@renamed_options(slope="target_norm", spread="std")
def dragan(weight: float = 10.0, target_norm: float = 1.0, std: float = 0.5) -> Penalty:
    """Gradient norm 1 around the data: weight (|grad D(x + noise)| - target_norm)^2 (DRAGAN, Kodali et al. 2017).

    `std` is that of Gaussian noise as in the paper, in units of the batch's as in the released code.
    """
    at_least(0, "dragan", weight=weight, target_norm=target_norm, std=std)
    noisy = around(std)
    return GradientPenalty(lambda duel: weight * (_gradient_norm(duel, noisy) - target_norm) ** 2)


def _gradient_norm(duel: Duel, sampler: Sampler) -> Tensor:
    """The norm of the critic's gradient at the sampler's points: (B,)."""
    return torch.linalg.vector_norm(_gradient(duel, sampler), dim=1)


def _squared_norm(duel: Duel, sampler: Sampler) -> Tensor:
    """The squared norm of the critic's gradient at the sampler's points: (B,)."""
    return _gradient(duel, sampler).square().sum(dim=1)


def _gradient(duel: Duel, sampler: Sampler) -> Tensor:
    """The critic's gradient at the sampler's points, from the duel's scores if these are real or fake: (B, D)."""
    scores = duel.real_scores if sampler is real else duel.fake_scores if sampler is fake else None
    return input_gradient(duel.critic, sampler(duel.real, duel.fake), scores)


def lecam(weight: float = 0.3, decay: float = 0.99) -> Penalty:
    """Scores near the other side's average: weight ((D(x) - a_fake)^2 + (D(G(z)) - a_real)^2) (Tseng et al. 2021).

    `decay` is that of the moving averages a_real and a_fake of the scores, per critic step.
    """
    at_least(0, "lecam", weight=weight)
    at_least(0, "lecam", below=1, decay=decay)
    return LeCam(weight, decay)


class LeCam(nn.Module):
    """The LeCam penalty with its moving averages, over all processes, which start at zero."""

    uses_gradient = False

    averages: Tensor  # (2,), of the real and of the fake scores
    anchors: Tensor  # (2,), the averages before this step: no sample's cost depends on another of its batch

    def __init__(self, weight: float, decay: float):
        super().__init__()
        self.weight, self.decay = weight, decay
        self.register_buffer("averages", torch.zeros(2))
        self.register_buffer("anchors", torch.zeros(2))

    def forward(self, duel: Duel) -> Tensor:
        """The cost of each pair of samples: (B,)."""
        real, fake = duel.scores
        with torch.no_grad():  # a compiled gradient reads the anchors after the averages have moved on
            self.anchors.copy_(self.averages)
            means = torch.stack([all_reduce_mean(real), all_reduce_mean(fake)])
            self.averages.lerp_(means.to(self.averages.dtype), 1 - self.decay)
        return self.weight * ((real - self.anchors[1]) ** 2 + (fake - self.anchors[0]) ** 2)


def own_penalty(part: Any) -> Callable[..., Penalty]:
    """A builder of a user's own penalty: of a duel, of (critic, real, fake), or a function that returns one of these.

    A module is copied, so that the user's stays as it is. Raises Refusal for other arguments.
    """
    arguments = required(part.forward if isinstance(part, nn.Module) else part)
    if len(arguments) in (1, 3):
        return with_options(part, OfTensors) if len(arguments) == 3 else with_options(part)
    if arguments or isinstance(part, nn.Module):
        takes = f"{getattr(part, '__name__', type(part).__name__)} takes {', '.join(arguments) or 'nothing'}"
        raise Refusal(f"A penalty takes a duel, or the critic, the real and the generated samples, and {takes}.")
    return as_builder(part)


class OfTensors(nn.Module):
    """A penalty of the critic, the real and the generated samples, each (B, ...), or several views of each."""

    def __init__(self, cost: Callable[..., Tensor]):
        super().__init__()
        self.cost = cost

    def forward(self, duel: Duel) -> Tensor:
        """The cost of each pair of samples: (B,)."""
        real, fake = (views[0] if len(views) == 1 else views for views in (duel.real, duel.fake))
        return self.cost(duel.critic, real, fake)


PENALTIES = Catalogue.of("penalty", gradient_penalty, divergence_penalty, r1, r2, zero_centered, dragan, lecam)
PENALTIES.adapting(own_penalty)  # also of module:function

LIPSCHITZ, FLAT = "gradient_penalty", "r1"  # recommended for a gradient norm of 1, and for convergence
