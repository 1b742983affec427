"""How likely data are to a model with an encoder, in nats: by bounds, and by importance sampling."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from ..core.priors import Prior
from ..core.randomness import key
from ..core.types import Batch
from ..games.bounds import active_units, described, log_likelihood, log_weights
from ..games.play import Play

_SAMPLES = 100  # evaluated at a time
_ROWS = 10_000  # decoded at a time, at most


def bounds(networks: nn.ModuleDict, prior: Prior, batch: Batch, seed: int = 0) -> dict[str, float]:
    """Means over samples (N, *sample): negative ELBO, in nats and bits per dimension, and active units, of one draw."""
    found = []

    def look(play: Play) -> None:
        told = described(play, {"reconstruction": -log_likelihood(play).mean()})
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
