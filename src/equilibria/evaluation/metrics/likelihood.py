"""Log-likelihood estimates: importance sampling with an encoder, and Parzen windows."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ...core.errors import Refusal
from ...core.priors import Prior
from ...core.seeding import key
from ...core.types import Batch
from ...data import Data
from ...data.spaces import Image
from ...games.play import Play
from ...games.vae import active_units, elbo_report, log_likelihood, log_weights
from ..neighbors import distance_chunks, flat, subset
from .base import Measurement, Measurements, Metric, SampleSets

_SAMPLES = 100  # evaluated at a time
_ROWS = 10_000  # decoded at a time, at most


def bounds(networks: nn.ModuleDict, prior: Prior, batch: Batch, seed: int = 0) -> dict[str, float]:
    """Means over samples (N, *sample): negative ELBO, in nats and bits per dimension, and active units, of one draw."""
    found = []

    def look(play: Play) -> None:
        told = elbo_report(play, {"reconstruction": -log_likelihood(play).mean()})
        found.append(torch.stack([-told["elbo"], told["bits per dimension"]]) * len(play.x))

    _each(networks, prior, batch, seed, look)
    nats, bits = (torch.stack(found).sum(dim=0) / len(batch.x)).tolist()
    with torch.no_grad():
        active = active_units(Play(networks, batch, prior))
    return {"negative_elbo": nats, "bits_per_dimension": bits, "active_units": float(active)}


def importance_sampled(networks: nn.ModuleDict, prior: Prior, batch: Batch, k: int = 5000, seed: int = 0) -> Tensor:
    """-log p(x), nats, by `k` draws of the encoder for each sample (Burda et al. 2016, section 5): (N,).

    An upper bound in expectation, the tighter the larger k. Draws are made as many at a time as memory likes; the
    result depends on no sample beyond this one's hundred, which are drawn together.
    """
    found: list[Tensor] = []

    def weigh(play: Play) -> None:
        total, left = torch.full((len(play.x),), -math.inf, device=play.x.device), k
        while left > 0:
            count = min(left, max(_ROWS // len(play.x), 1))
            total = torch.logaddexp(total, log_weights(play, count).logsumexp(dim=0))
            left -= count
        found.append(math.log(k) - total)

    _each(networks, prior, batch, seed, weigh)
    return torch.cat(found)


@torch.no_grad()
def _each(networks: nn.ModuleDict, prior: Prior, batch: Batch, seed: int, look: Callable[[Play], None]) -> None:
    """Show a play of every hundred samples, each with random numbers of its own."""
    x = batch.x.split(_SAMPLES)
    parts = zip(x, [None] * len(x) if batch.y is None else batch.y.split(_SAMPLES), strict=True)
    with torch.random.fork_rng(devices=[batch.x.device] if batch.x.device.type == "cuda" else []):
        for i, (x, y) in enumerate(parts):
            torch.manual_seed(key(seed, i))
            look(Play(networks, Batch(x, y), prior))


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

    def measure(sets: SampleSets) -> Measurements:
        real, fake, train = ((flat(x) + 1) / 2 for x in (sets.real, sets.fake, subset(sets.train, chosen_on)))
        likely = log_densities(train, fake, tried).mean(dim=1)
        deviation = tried[likely.argmax()]
        found = log_densities(real, fake, deviation[None])[0]
        error = float(found.std()) / math.sqrt(len(found))
        return {"parzen": Measurement(float(found.mean()), error), "parzen_deviation": Measurement(float(deviation))}

    better = {"parzen": "neither", "parzen_deviation": "neither"}
    return Metric(torch.no_grad()(measure), input="samples", better=better)


def log_densities(x: Tensor, centres: Tensor, deviations: Tensor) -> Tensor:
    """log of 1/M sum_i N(x; c_i, s^2) of x (N, F), centres (M, F) and deviations s (S,), nats: (S, N)."""
    found = [
        [_smoothed(distances, float(s), x.shape[1]) for s in deviations] for _, distances in distance_chunks(x, centres)
    ]
    return torch.stack([torch.cat(each) for each in zip(*found, strict=True)])


def _smoothed(distances: Tensor, deviation: float, size: int) -> Tensor:
    """Of distances (n, M) between points of so many coordinates: (n,)."""
    near = (-distances.square() / (2 * deviation**2)).logsumexp(dim=1)
    return near - math.log(distances.shape[1]) - size / 2 * math.log(2 * math.pi * deviation**2)
