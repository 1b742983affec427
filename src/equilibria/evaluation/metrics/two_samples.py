"""How often a classifier is right about where a sample is from."""

import math

import torch
from torch import Tensor

from ...core.errors import Refusal, nearest
from ...data import Data
from .base import Figure, Figures, Metric, Sets
from .distances import parted, rows, some
from .judge import MOVES, halves, taught

_WAYS = ("neighbour", "network")


def two_samples(data: Data, *, by: str = "neighbour", seed: int = 0) -> Metric:
    """Share that a classifier tells right of data and samples; one half is best (Lopez-Paz and Oquab 2017).

    `by` is the classifier: neighbour (what the nearest other sample is) or network (a small one, that learns from half
    of each and is asked about the other half). `seed` is where the network starts. Neighbours that are right less
    often are copies. The p-value is how often equal distributions are told apart so well or better.
    """
    if by not in _WAYS:
        raise Refusal(f"The metric 'two_samples' cannot be by {by!r}.{nearest(by, _WAYS)}")

    def measure(sets: Sets) -> Figures:
        count = min(len(sets.real), len(sets.fake))  # else the larger set is guessed
        real, fake = rows(some(sets.real, count), some(sets.fake, count))
        accuracy, p = by_neighbour(real, fake) if by == "neighbour" else by_network(real, fake, seed)
        return {"two_samples": accuracy, "two_samples_p": Figure(p)}

    better = {"two_samples": "neither" if by == "neighbour" else "lower", "two_samples_p": "neither"}
    return Metric(measure, better=better)


@torch.no_grad()
def by_neighbour(real: Tensor, fake: Tensor) -> tuple[Figure, float]:
    """How often the nearest other of all rows, (N, F) and (N, F), is of the same set, and the p-value.

    Two that are nearest to each other are right or wrong together, which adds their share to the variance; under equal
    distributions the mean is (N - 1) / (2 N - 1) (Schilling 1986).
    """
    both, count = torch.cat([real, fake]), len(real)
    closest = torch.cat([_blind(place, distances).argmin(dim=1) for place, distances in parted(both, both)])
    right = ((closest < count) == (torch.arange(2 * count, device=both.device) < count)).double()
    mutual = (closest[closest] == torch.arange(2 * count, device=both.device)).double().mean()
    share, more = float(right.mean()), 1 + float(mutual)
    error = math.sqrt(share * (1 - share) * more / (2 * count))
    return Figure(share, error), _above(share, (count - 1) / (2 * count - 1), math.sqrt(more / (8 * count)))


def by_network(real: Tensor, fake: Tensor, seed: int = 0, moves: int = MOVES) -> tuple[Figure, float]:
    """How often a network is right about the halves of (N, F) and (N, F) that it has not seen, and the p-value."""
    (real, real_left), (fake, fake_left) = halves(real, seed), halves(fake, seed + 1)
    logits = taught(real, fake, seed, moves)
    told = torch.cat([logits(real_left), -logits(fake_left)])
    share = float(((told > 0).double() + (told == 0).double() / 2).mean())
    return Figure(share, math.sqrt(share * (1 - share) / len(told))), _above(share, 0.5, 1 / math.sqrt(4 * len(told)))


def _blind(place: slice, distances: Tensor) -> Tensor:
    """Distances (n, N) of these rows, none being its own neighbour."""
    at = torch.arange(place.start, place.stop, device=distances.device)
    distances[at - place.start, at] = torch.inf
    return distances


def _above(share: float, mean: float, deviation: float) -> float:
    """The probability of a normal to be at least so large."""
    return math.erfc((share - mean) / deviation / math.sqrt(2)) / 2
