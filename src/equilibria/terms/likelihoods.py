"""Likelihoods of a sample given its latent, in nats. The catalogue is the registration.

Each is a module: (decoded, x), each (B, *sample), to the log density or probability of the sample, (B,), with all
constants. `decoded` is the input of the generator's `output_activation`. Parameters are learned with the networks.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, logsigmoid, softplus

from ..core.catalogue import Catalogue
from ..core.errors import above_zero, require_images

_STEP = 2 / 255  # between the 256 levels of a pixel, from -1 to 1


class BernoulliLikelihood(nn.Module):
    """Black or white pixels, -1 or 1; a value between them is a probability of white."""

    def forward(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Each (B, *sample) to (B,), nats. tanh(decoded) is 2 p - 1, so the logit of p is twice `decoded`."""
        losses = binary_cross_entropy_with_logits(2 * decoded, (x + 1) / 2, reduction="none")
        return -losses.flatten(1).sum(dim=1)


class GaussianLikelihood(nn.Module):
    """Normal noise around the generator's sample, with one standard deviation for all values."""

    def __init__(self, output_activation: nn.Module, noise: float, learned: bool):
        super().__init__()
        self.output_activation, start = output_activation, torch.tensor(math.log(noise))
        if learned:
            self.log_noise = nn.Parameter(start)
        else:
            self.register_buffer("log_noise", start)

    def forward(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Each (B, *sample) to (B,), nats: the density of the scaled values that networks receive."""
        distances = (x - self.output_activation(decoded)).square().flatten(1).sum(dim=1)
        count = x[0].numel()
        return -(distances * (-2 * self.log_noise).exp() + count * (2 * self.log_noise + math.log(2 * math.pi))) / 2


class DiscretizedLogistic(nn.Module):
    """A logistic around the generator's sample, integrated over the 256 levels of a pixel (Kingma et al. 2016)."""

    def __init__(self, output_activation: nn.Module, channels: int, scale: float):
        super().__init__()
        self.output_activation = output_activation
        self.log_scale = nn.Parameter(torch.full((channels, 1, 1), math.log(scale)))

    def forward(self, decoded: Tensor, x: Tensor) -> Tensor:
        """Each (B, C, H, W) to (B,), nats: the probability of the levels next to x.

        log(sigmoid(b) - sigmoid(a)) = log sigmoid(b) + log sigmoid(-a) + log(1 - exp(a - b)), without cancellation; the
        lowest and the highest level include the tails.
        """
        rate, centered = (-self.log_scale).exp(), x - self.output_activation(decoded)
        above, below = (centered + _STEP / 2) * rate, (centered - _STEP / 2) * rate
        inner = logsigmoid(above) + logsigmoid(-below) + torch.log(-torch.expm1(-_STEP * rate))
        lowest, highest = x < -1 + _STEP / 2, x > 1 - _STEP / 2
        outer = torch.where(lowest, -softplus(-above), -softplus(below))
        return torch.where(lowest | highest, outer, inner).flatten(1).sum(dim=1)


def bernoulli(shape: tuple[int, ...]) -> nn.Module:
    """Black or white pixels, or gray ones as probabilities of white (Kingma and Welling 2014, appendix C.1)."""
    require_images("The likelihood 'bernoulli'", shape, REAL)
    return BernoulliLikelihood()


def gaussian(output_activation: nn.Module, *, noise: float = 0.5, learned: bool = True) -> nn.Module:
    """Normal noise with one standard deviation, fixed or learned (Kingma and Welling 2014, C.2; Dai and Wipf 2019).

    `noise` is the standard deviation, in units of scaled data (pixels from -1 to 1), or its initial value if learned;
    `learned` is whether the standard deviation is learned with the networks.
    """
    above_zero("The likelihood 'gaussian'", noise=noise)
    return GaussianLikelihood(output_activation, noise, learned)


def discretized_logistic(shape: tuple[int, ...], output_activation: nn.Module, *, scale: float = 0.1) -> nn.Module:
    """Probabilities of the 256 levels of a pixel, with a learned scale per channel (Kingma et al. 2016, appendix).

    `scale` is the initial value of the scales, in units of pixels from -1 to 1.
    """
    require_images("The likelihood 'discretized_logistic'", shape, REAL)
    above_zero("The likelihood 'discretized_logistic'", scale=scale)
    return DiscretizedLogistic(output_activation, shape[0], scale)


BINARY, REAL = "bernoulli", "gaussian"  # the meaning of `auto`: for black or white pixels, and for all other values
LIKELIHOODS = Catalogue.of("likelihood", bernoulli, gaussian, discretized_logistic)
