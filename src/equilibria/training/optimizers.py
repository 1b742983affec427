"""What moves weights down a loss. The table is the registration."""

from collections.abc import Iterable

import torch
from torch import nn
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


OPTIMIZERS = Catalogue("optimizer", adam=adam, rmsprop=rmsprop, sgd=sgd)
