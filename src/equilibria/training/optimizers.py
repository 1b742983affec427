"""Optimizers and learning-rate schedules. The tables are the registration."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.catalogue import Catalogue, options
from ..core.errors import Refusal

Schedule = Callable[[int], float]


def constant(rounds: int, warmup: int = 0) -> Schedule:
    """The same rate throughout, once it is reached."""
    return _warmed(lambda step: 1.0, warmup)


def linear(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """Down (or up) in a straight line to `end` times the rate at the last round."""
    _refuse_below_zero(end)
    return _warmed(lambda step: 1 + (end - 1) * min(step / max(rounds, 1), 1.0), warmup)


def cosine(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """Down along half a cosine to `end` times the rate at the last round (Loshchilov and Hutter 2017)."""
    _refuse_below_zero(end)
    return _warmed(lambda step: end + (1 - end) * (1 + math.cos(math.pi * min(step / max(rounds, 1), 1.0))) / 2, warmup)


def _warmed(schedule: Schedule, rounds: int) -> Schedule:
    """The same schedule, reached in a straight line over the first so many rounds (Goyal et al. 2017)."""
    if rounds < 0:
        raise Refusal(f"The schedule has warmup {rounds}: a number of rounds is needed; 0 means none.")
    return (lambda step: schedule(step) * min((step + 1) / rounds, 1.0)) if rounds else schedule


def _refuse_below_zero(end: float) -> None:
    """A negative rate climbs."""
    if not 0 <= end < math.inf:
        raise Refusal(f"The schedule has end {end:g}: a finite share of the rate, 0 or more, is needed.")


SCHEDULES = Catalogue("schedule", constant=constant, linear=linear, cosine=cosine)


def adam(
    parameters: Iterable[nn.Parameter], lr: float = 1e-4, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8
) -> Optimizer:
    """Adam (Kingma and Ba 2015); beta1 0.5 as in DCGAN, 0 as in WGAN-GP's toy games and R3GAN."""
    _refuse_missteps(lr, eps, beta1=beta1, beta2=beta2)
    return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)), eps=eps, fused=True)


def rmsprop(parameters: Iterable[nn.Parameter], lr: float = 5e-5, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSProp (Tieleman and Hinton 2012); lr 5e-5 as in WGAN."""
    _refuse_missteps(lr, eps, decay=decay)
    return torch.optim.RMSprop(parameters, lr=lr, alpha=decay, eps=eps, foreach=True)


def sgd(parameters: Iterable[nn.Parameter], lr: float = 0.01, momentum: float = 0.0) -> Optimizer:
    """Stochastic gradient descent, with momentum if asked for."""
    _refuse_missteps(lr, momentum=momentum)
    return torch.optim.SGD(parameters, lr=lr, momentum=momentum, foreach=True)


def optimistic_adam(
    parameters: Iterable[nn.Parameter], lr: float = 1e-4, beta1: float = 0.5, beta2: float = 0.9, eps: float = 1e-8
) -> Optimizer:
    """Adam that foresees its next step: twice this one, less the last (Daskalakis et al. 2018)."""
    return optimistic(adam(parameters, lr, beta1, beta2, eps))


def optimistic(optimizer: Optimizer) -> Optimizer:
    """The same optimizer, each of whose steps d_t becomes 2 d_t - d_(t-1); the last one is part of its state."""
    before: dict[Tensor, Tensor] = {}

    @torch.no_grad()
    def remember(*_: Any) -> None:
        owned = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        before.update((p, p.clone()) for p in owned)

    @torch.no_grad()
    def foresee(*_: Any) -> None:
        owned = list(before)
        steps = torch._foreach_sub(owned, list(before.values()))
        torch._foreach_add_(owned, steps)
        torch._foreach_sub_(owned, [optimizer.state[p].get("step_before", torch.zeros_like(p)) for p in owned])
        for parameter, taken in zip(owned, steps, strict=True):
            optimizer.state[parameter]["step_before"] = taken
        before.clear()

    optimizer.register_step_pre_hook(remember)
    optimizer.register_step_post_hook(foresee)
    return optimizer


def _refuse_missteps(lr: float, eps: float = 0.0, **shares: float) -> None:
    """Steps go down, and what an optimizer keeps of the past fades."""
    if not 0 < lr < math.inf:
        raise Refusal(f"An optimizer has lr {lr:g}: a finite rate above 0 is needed.")
    if not 0 <= eps < math.inf:
        raise Refusal(f"An optimizer has eps {eps:g}: a finite number of 0 or more is needed.")
    for option, share in shares.items():
        if not 0 <= share < 1:
            raise Refusal(f"An optimizer has {option} {share:g}: a share of at least 0 and below 1 is needed.")


def traits(builder: Callable[..., Optimizer], optimizer: Optimizer) -> dict[str, Any]:
    """What others must know of an optimizer, as plain values: the doctor reads them, and a run records the user's own.

    `momentum` is what it keeps of the last gradients, 0 for nothing, and `option` is how a user sets that; an
    `adaptive` one divides by the size of past gradients, so that its rates compare with no plain descent's.
    """
    group = optimizer.param_groups[0]
    return {
        "momentum": float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0)),
        "option": next((option for option in ("beta1", "momentum") if option in options(builder)), ""),
        "adaptive": "betas" in group or "alpha" in group,
    }


DEFAULT, PLAIN = "adam", "sgd"  # what moves networks if nothing is said; what keeps nothing of the past
OPTIMIZERS = Catalogue("optimizer", adam=adam, optimistic_adam=optimistic_adam, rmsprop=rmsprop, sgd=sgd)
