"""Normalization: a module after a layer, or a wrapper around it."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm, weight_norm

from ..core.catalogue import Catalogue
from ..core.errors import Refusal

_GROUPS = 8  # at most, and of at least four channels each


@dataclass(frozen=True)
class Norm:
    """The normalization of every hidden layer. Networks use all fields and never the name."""

    after: Callable[[int, bool], nn.Module] = lambda channels, image: nn.Identity()  # image: (B, C, H, W), else (B, C)
    around: Callable[[nn.Module], nn.Module] = lambda layer: layer
    bias: bool = True  # of the layer; False: the norm would remove it
    rescales: bool = True  # the scale of activations does not depend on that of the weights
    pixels: bool = False  # it averages over pixels, so dense layers go without it


def none() -> Norm:
    """No norm."""
    return Norm(rescales=False)


def batch() -> Norm:
    """Batch norm (Ioffe and Szegedy 2015); the samples of a batch influence each other."""
    return Norm(lambda channels, image: nn.BatchNorm2d(channels) if image else nn.BatchNorm1d(channels), bias=False)


def layer() -> Norm:
    """Layer norm over all of a sample's channels and pixels (Ba et al. 2016)."""
    return Norm(lambda channels, image: nn.GroupNorm(1, channels))


def instance() -> Norm:
    """Instance norm, each channel over its pixels (Ulyanov et al. 2016); for images only."""

    def after(channels: int, image: bool) -> nn.Module:
        if not image:
            raise Refusal("The norm 'instance' averages over pixels, and a dense network has none: use layer or group.")
        return nn.InstanceNorm2d(channels, affine=True)

    return Norm(after, bias=False, pixels=True)


def group() -> Norm:
    """Group norm over up to eight groups of at least four channels (Wu and He 2018)."""

    def after(channels: int, image: bool) -> nn.Module:
        groups = next(g for g in range(_GROUPS, 0, -1) if g == 1 or (channels % g == 0 and channels >= 4 * g))
        return nn.GroupNorm(groups, channels)

    return Norm(after)


def weight() -> Norm:
    """Weight norm: each output's weights are a length times a direction (Salimans and Kingma 2016)."""

    def around(layer: nn.Module) -> nn.Module:
        outputs = 1 if isinstance(layer, nn.ConvTranspose2d) else 0
        directions = layer.weight.transpose(0, outputs)[0].numel() > 1  # type: ignore[operator]
        return weight_norm(layer, dim=outputs) if directions else layer  # one weight has only a sign

    return Norm(around=around, rescales=False)


def spectral() -> Norm:
    """Spectral norm: each layer's largest singular value is one (Miyato et al. 2018)."""
    return Norm(around=spectral_norm)


def needs_rows(network: nn.Module) -> bool:
    """Whether a batch norm of the network needs several samples, having no pixels to average over."""
    return any(isinstance(part, nn.BatchNorm1d) for part in network.modules())


def batch_norms(network: nn.Module) -> list[nn.modules.batchnorm._BatchNorm]:
    """The batch norms of a network that keep running statistics."""
    norms = [m for m in network.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    return [norm for norm in norms if norm.track_running_stats]


@torch.no_grad()
def reestimate_batchnorm(network: nn.Module, forward: Callable[[int], Tensor], batches: int = 16) -> None:
    """Set batch-norm statistics to the mean over `forward(0)`, `forward(1)`, ..., as averaged weights need.

    `forward` runs the network on a batch of its choice.
    """
    momenta = {norm: norm.momentum for norm in batch_norms(network)}
    for norm in momenta:
        norm.reset_running_stats()
        norm.train().momentum = None  # all batches weigh the same
    try:
        for i in range(batches if momenta else 0):
            forward(i)
    finally:
        for norm, momentum in momenta.items():
            norm.eval().momentum = momentum


NORMS = Catalogue.of("norm", none, batch, layer, instance, group, weight, spectral)
