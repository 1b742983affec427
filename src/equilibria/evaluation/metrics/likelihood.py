"""Log-likelihood estimates: importance sampling with an encoder, and Parzen windows."""

import math
from collections.abc import Iterator

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
_FEWEST = 500  # samples of a Parzen window


@torch.no_grad()
def bounds(networks: nn.ModuleDict, prior: Prior, batch: Batch, seed: int = 0) -> dict[str, float]:
    """Means over samples (N, *sample): negative ELBO in nats and in bits per dimension, active units, of one draw."""
    sums = []
    for play in _plays(networks, prior, batch, seed):
        values = elbo_report(play, {"reconstruction": -log_likelihood(play).mean()})
        sums.append(torch.stack([-values["elbo"], values["bits per dimension"]]) * len(play.x))
    nats, bits = (torch.stack(sums).sum(dim=0) / len(batch.x)).tolist()
    active = active_units(Play(networks, batch, prior))
    return {"negative_elbo": nats, "bits_per_dimension": bits, "active_units": float(active)}


@torch.no_grad()
def importance_sampled(networks: nn.ModuleDict, prior: Prior, batch: Batch, k: int = 5000, seed: int = 0) -> Tensor:
    """-log p(x), nats, by `k` draws of the encoder for each sample (Burda et al. 2016, section 5): (N,).

    An upper bound in expectation, tighter with larger k. The number of draws at a time is limited by memory; a result
    depends only on the samples of the same hundred, whose random numbers are drawn together.
    """
    results: list[Tensor] = []
    for play in _plays(networks, prior, batch, seed):
        total, rest = torch.full((len(play.x),), -math.inf, device=play.x.device), k
        while rest > 0:
            count = min(rest, max(_ROWS // len(play.x), 1))
            total = torch.logaddexp(total, log_weights(play, count).logsumexp(dim=0))
            rest -= count
        results.append(math.log(k) - total)
    return torch.cat(results)


def _plays(networks: nn.ModuleDict, prior: Prior, batch: Batch, seed: int) -> Iterator[Play]:
    """A play of every hundred samples, each with random numbers of its own."""
    xs = batch.x.split(_SAMPLES)
    ys = [None] * len(xs) if batch.y is None else batch.y.split(_SAMPLES)
    with torch.random.fork_rng(devices=[batch.x.device] if batch.x.device.type == "cuda" else []):
        for i, (x, y) in enumerate(zip(xs, ys, strict=True)):
            torch.manual_seed(key(seed, i))
            yield Play(networks, Batch(x, y), prior)


def parzen(data: Data, *, lowest: float = 0.1, highest: float = 1.0, steps: int = 10, chosen_on: int = 1000) -> Metric:
    """Mean log-density of images in [0, 1] under Gaussians around samples, nats (Breuleux et al. 2011).

    `lowest` is the smallest standard deviation that is tried; `highest` is the largest; `steps` is how many are tried,
    evenly on a logarithmic scale. The one with the highest likelihood of training images is used; `chosen_on` is the
    number of these images. Higher is not better: real MNIST has 244 and smooth prototypes over 300 (Theis et al. 2016).
    """
    if not isinstance(data.space, Image):
        raise Refusal(f"The metric 'parzen' is defined for images, and {data.name} has none: choose wasserstein.")
    if not 0 < lowest <= highest or steps < 1 or chosen_on < 2:
        raise Refusal("The metric 'parzen' needs 0 < lowest <= highest, a step, and two images to choose on.")
    stds = torch.logspace(math.log10(lowest), math.log10(highest), steps, dtype=torch.float64)

    def measure(sets: SampleSets) -> Measurements:
        real, fake, train = ((flat(x) + 1) / 2 for x in (sets.real, sets.fake, subset(sets.train, chosen_on)))
        std = stds[log_densities(train, fake, stds).mean(dim=1).argmax()]
        densities = log_densities(real, fake, std[None])[0]
        error = float(densities.std()) / math.sqrt(len(densities))
        return {"parzen": Measurement(float(densities.mean()), error), "parzen_deviation": Measurement(float(std))}

    better = {"parzen": "neither", "parzen_deviation": "neither"}
    return Metric(
        torch.no_grad()(measure),
        "samples",
        better,
        fewest=_FEWEST,
        reason="a window of fewer samples is flat",
        training="to choose the width of the window",
        cost=lambda sizes: sizes.distances((steps * chosen_on + sizes.count) * sizes.count),
    )


def log_densities(x: Tensor, centers: Tensor, stds: Tensor) -> Tensor:
    """log of 1/M sum_i N(x; c_i, s^2) of x (N, F), centers (M, F) and stds s (S,), nats: (S, N)."""
    chunks = [[_density(chunk, float(s), x.shape[1]) for s in stds] for _, chunk in distance_chunks(x, centers)]
    return torch.stack([torch.cat(each) for each in zip(*chunks, strict=True)])


def _density(distances: Tensor, std: float, size: int) -> Tensor:
    """The log-density from distances (n, M) between points with `size` values: (n,)."""
    near = (-distances.square() / (2 * std**2)).logsumexp(dim=1)
    return near - math.log(distances.shape[1]) - size / 2 * math.log(2 * math.pi * std**2)
