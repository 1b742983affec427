"""What moves weights down a loss. The table is the registration."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ..core.catalogue import Catalogue


def adam(
    parameters: Iterable[nn.Parameter], lr: float = 1e-4, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8
) -> Optimizer:
    """Adam (Kingma and Ba 2015); beta1 0.5 as in DCGAN, 0 as in WGAN-GP's toy games and R3GAN."""
    return torch.optim.Adam(parameters, lr=lr, betas=(float(beta1), float(beta2)), eps=eps, fused=True)


def rmsprop(parameters: Iterable[nn.Parameter], lr: float = 5e-5, decay: float = 0.99, eps: float = 1e-8) -> Optimizer:
    """RMSProp (Tieleman and Hinton 2012); lr 5e-5 as in WGAN."""
    return torch.optim.RMSprop(parameters, lr=lr, alpha=decay, eps=eps, foreach=True)


def sgd(parameters: Iterable[nn.Parameter], lr: float = 0.01, momentum: float = 0.0) -> Optimizer:
    """Stochastic gradient descent, with momentum if asked for."""
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


OPTIMIZERS = Catalogue("optimizer", adam=adam, optimistic_adam=optimistic_adam, rmsprop=rmsprop, sgd=sgd)
