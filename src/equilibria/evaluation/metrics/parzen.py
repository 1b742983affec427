"""How likely held-out images are under a smoothed sum of the samples."""

import math

import torch
from torch import Tensor

from ...core.errors import Refusal
from ...data import Data
from ...data.spaces import Image
from .base import Figure, Figures, Metric, Sets
from .distances import flat, parted, some


def parzen(data: Data, *, lowest: float = 0.1, highest: float = 1.0, steps: int = 10, chosen_on: int = 1000) -> Metric:
    """Mean log-density of images in [0, 1] under Gaussians around samples, nats (Breuleux et al. 2011).

    `lowest` is the smallest deviation that is tried, `highest` the largest, `steps` how many, evenly on a logarithmic
    scale. The one is taken under which training images are most likely; `chosen_on` is how many of them are asked.
    More is not better: real MNIST has 244 and smooth prototypes over 300 (Theis et al. 2016).
    """
    if not isinstance(data.space, Image):
        raise Refusal(f"The metric 'parzen' is defined for images, and {data.name} are none: choose wasserstein.")
    if not 0 < lowest <= highest or steps < 1 or chosen_on < 2:
        raise Refusal("The metric 'parzen' needs 0 < lowest <= highest, a step, and two images to choose on.")
    tried = torch.logspace(math.log10(lowest), math.log10(highest), steps, dtype=torch.float64)

    def measure(sets: Sets) -> Figures:
        real, fake, train = ((flat(x) + 1) / 2 for x in (sets.real, sets.fake, some(sets.train, chosen_on)))
        likely = log_densities(train, fake, tried).mean(dim=1)
        deviation = tried[likely.argmax()]
        found = log_densities(real, fake, deviation[None])[0]
        error = float(found.std()) / math.sqrt(len(found))
        return {"parzen": Figure(float(found.mean()), error), "parzen_deviation": Figure(float(deviation))}

    better = {"parzen": "neither", "parzen_deviation": "neither"}
    return Metric(torch.no_grad()(measure), sees="samples", better=better)


def log_densities(x: Tensor, centres: Tensor, deviations: Tensor) -> Tensor:
    """log of 1/M sum_i N(x; c_i, s^2) of x (N, F), centres (M, F) and deviations s (S,), nats: (S, N)."""
    found = [[_smoothed(distances, float(s), x.shape[1]) for s in deviations] for _, distances in parted(x, centres)]
    return torch.stack([torch.cat(each) for each in zip(*found, strict=True)])


def _smoothed(distances: Tensor, deviation: float, size: int) -> Tensor:
    """Of distances (n, M) between points of so many coordinates: (n,)."""
    near = (-distances.square() / (2 * deviation**2)).logsumexp(dim=1)
    return near - math.log(distances.shape[1]) - size / 2 * math.log(2 * math.pi * deviation**2)
