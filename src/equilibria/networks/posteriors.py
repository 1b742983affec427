"""How an encoder says where the latent of a sample lies. The table is the registration."""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor, nn

from ..core import posteriors
from ..core.catalogue import Catalogue
from .initializations import lecun


@dataclass(frozen=True)
class Answer:
    """What the outputs of a last layer mean."""

    numbers: int  # for each number of the latent
    read: Callable[[Tensor], posteriors.Posterior]  # (B, numbers * Z)
    scale: float  # of the layer's weights, times that which keeps the scale of features

    def head(self, features: int, latent: int) -> nn.Linear:
        """The last layer. No norm wraps it: the scale of its outputs has a meaning."""
        lecun(layer := nn.Linear(features, self.numbers * latent))
        layer.weight.data.mul_(self.scale)
        return layer


def gaussian() -> Answer:
    """A mean and a logarithm of the variance for each number, unbounded (Kingma and Welling 2014).

    Its start is close to the standard normal, where divergences from the prior are small whatever the trunk.
    """
    return Answer(2, read, 0.1)


def point() -> Answer:
    """The latent itself (Donahue et al. 2017); it starts at the scale of the features."""
    return Answer(1, posteriors.Point, 1.0)


def read(outputs: Tensor) -> posteriors.Gaussian:
    """Means, then logarithms of the variances: (B, 2 Z)."""
    return posteriors.Gaussian(*outputs.chunk(2, dim=1))


POSTERIORS = Catalogue("posterior", gaussian=gaussian, point=point)
