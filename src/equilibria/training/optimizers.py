"""Optimizers and learning-rate schedules. The tables are the registration."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.catalogue import Catalogue, options
from ..core.errors import above_zero, at_least

Schedule = Callable[[int], float]


def constant(rounds: int, warmup: int = 0) -> Schedule:
    """A constant rate after the warmup."""
    return _warmed(lambda step: 1.0, warmup)


def linear(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """A linear change to `end` times the rate at the last round."""
    at_least(0, "The schedule", end=end)
    return _warmed(lambda step: 1 + (end - 1) * min(step / max(rounds, 1), 1.0), warmup)


def cosine(rounds: int, end: float = 0.0, warmup: int = 0) -> Schedule:
    """Half a cosine down to `end` times the rate at the last round (Loshchilov and Hutter 2017)."""
    at_least(0, "The schedule", end=end)
    return _warmed(lambda step: end + (1 - end) * (1 + math.cos(math.pi * min(step / max(rounds, 1), 1.0))) / 2, warmup)


def _warmed(schedule: Schedule, rounds: int) -> Schedule:
    """The schedule with a linear warmup of so many rounds (Goyal et al. 2017)."""
    at_least(0, "The schedule", warmup=rounds)
    return (lambda step: schedule(step) * min((step + 1) / rounds, 1.0)) if rounds else schedule


SCHEDULES = Catalogue.of("schedule", constant, linear, cosine)


def adam(
    parameters: Iterable[nn.Parameter], lr: float = 1e-4, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8
) -> Optimizer:
    """Adam (Kingma and Ba 2015); beta1 is 0.5 in DCGAN, 0 in WGAN-GP's toy games and R3GAN."""
    _check_options(lr, eps, beta1=beta1, beta2=beta2)
    return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)), eps=eps, fused=True)


def rmsprop(parameters: Iterable[nn.Parameter], lr: float = 5e-5, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSProp (Tieleman and Hinton 2012); lr is 5e-5 in WGAN."""
    _check_options(lr, eps, decay=decay)
    return torch.optim.RMSprop(parameters, lr=lr, alpha=decay, eps=eps, foreach=True)


def sgd(parameters: Iterable[nn.Parameter], lr: float = 0.01, momentum: float = 0.0) -> Optimizer:
    """Stochastic gradient descent, with optional momentum."""
    _check_options(lr, momentum=momentum)
    return torch.optim.SGD(parameters, lr=lr, momentum=momentum, foreach=True)


def optimistic_adam(
    parameters: Iterable[nn.Parameter], lr: float = 1e-4, beta1: float = 0.5, beta2: float = 0.9, eps: float = 1e-8
) -> Optimizer:
    """Optimistic Adam: twice this step minus the last one (Daskalakis et al. 2018)."""
    return optimistic(adam(parameters, lr, beta1, beta2, eps))


def optimistic(optimizer: Optimizer) -> Optimizer:
    """The optimizer with 2 d_t - d_(t-1) for each step d_t; the last step is part of its state."""
    before: dict[Tensor, Tensor] = {}

    @torch.no_grad()
    def store(*_: Any) -> None:
        weights = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        before.update((p, p.clone()) for p in weights)

    @torch.no_grad()
    def extrapolate(*_: Any) -> None:
        weights = list(before)
        steps = torch._foreach_sub(weights, list(before.values()))
        torch._foreach_add_(weights, steps)
        torch._foreach_sub_(weights, [optimizer.state[p].get("step_before", torch.zeros_like(p)) for p in weights])
        for p, step in zip(weights, steps, strict=True):
            optimizer.state[p]["step_before"] = step
        before.clear()

    optimizer.register_step_pre_hook(store)
    optimizer.register_step_post_hook(extrapolate)
    return optimizer


def _check_options(lr: float, eps: float = 0.0, **shares: float) -> None:
    """Raise Refusal for rates that are not positive, and for moments that would not decay."""
    above_zero("An optimizer", lr=lr)
    at_least(0, "An optimizer", eps=eps)
    at_least(0, "An optimizer", below=1, **shares)


def traits(builder: Callable[..., Optimizer], optimizer: Optimizer) -> dict[str, Any]:
    """What the doctor needs to know of an optimizer, as plain values; a run records them for the user's own.

    `momentum` is the weight of past gradients (0: none) and `option` its name; an `adaptive` optimizer divides by the
    size of past gradients, so its learning rate cannot be compared with that of plain descent.
    """
    group = optimizer.param_groups[0]
    return {
        "momentum": float(group["betas"][0] if "betas" in group else group.get("momentum", 0.0)),
        "option": next((option for option in ("beta1", "momentum") if option in options(builder)), ""),
        "adaptive": "betas" in group or "alpha" in group,
    }


DEFAULT, PLAIN = "adam", "sgd"  # the default; the one without a state
OPTIMIZERS = Catalogue.of("optimizer", adam, optimistic_adam, rmsprop, sgd)
