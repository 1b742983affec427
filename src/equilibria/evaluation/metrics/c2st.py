"""Classifier two-sample test and the distance by an independent critic."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid, softplus

from ...core.errors import Refusal, nearest
from ...core.seeding import generator, key
from ...data import Data
from ...data.spaces import Image
from ..neighbors import centered_rows, distance_chunks, flat, subset
from .base import Measurement, Measurements, Metric, SampleSets

_WIDTH, _WAVES = 128, 64
_OCTAVES = 6  # of frequencies: from one deviation of the data to a sixty-fourth of it
_FEW = 32  # numbers: up to here waves are seen beside the rows themselves


def dense(like: Tensor, seed: int) -> nn.Module:
    """Rows (B, F) to one number each, (B,), all zero at first: two hidden layers of 128, in units of `like` (N, F).

    Few coordinates are seen through random waves of many lengths, too: else detail much smaller than the whole is
    learned too late (Tancik et al. 2020).
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed, like.shape[1]))
        first = _Scaled(like, _WAVES if like.shape[1] <= _FEW else 0)
        hidden = [nn.Linear(first.size, _WIDTH), nn.LeakyReLU(0.2), nn.Linear(_WIDTH, _WIDTH), nn.LeakyReLU(0.2)]
        last = nn.Linear(_WIDTH, 1)
    nn.init.zeros_(last.weight)
    nn.init.zeros_(last.bias)
    return nn.Sequential(first, *hidden, last, nn.Flatten(0)).to(like.device)


class _Scaled(nn.Module):
    """Rows (B, F) about the mean of others, in units of their deviation, and waves of them: (B, size)."""

    mean: Tensor
    deviation: Tensor
    frequencies: Tensor

    def __init__(self, like: Tensor, waves: int):
        super().__init__()
        self.size = like.shape[1] + 2 * waves
        self.register_buffer("mean", like.mean(dim=0))
        self.register_buffer("deviation", like.var(dim=0, correction=0).mean().sqrt().clamp(min=1e-12))
        drawn = torch.randn(like.shape[1], waves) / math.sqrt(like.shape[1])
        self.register_buffer("frequencies", drawn * 2 ** (_OCTAVES * torch.rand(waves)))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.deviation
        phases = x @ self.frequencies
        return torch.cat([x, phases.cos(), phases.sin()], dim=1)


Logits = Callable[[Tensor], Tensor]  # (B, F) -> (B,), high for real

_BATCH, _LR, _DECAY = 64, 1e-3, 1e-4
MOVES = 2000  # batches, at most
_BETWEEN, _PATIENCE = 50, 8  # batches between looks at the samples held back; looks without progress


def halves(x: Tensor, seed: int, share: float = 0.5) -> tuple[Tensor, Tensor]:
    """A set (N, ...) in two at random, the first holding this share of it, and neither empty."""
    order = torch.randperm(len(x), generator=generator(seed, len(x))).to(x.device)
    first = min(max(round(share * len(x)), 1), len(x) - 1)
    return x[order[:first]], x[order[first:]]


def train_classifier(real: Tensor, fake: Tensor, seed: int, moves: int = MOVES) -> Logits:
    """A small network that tells rows (N, F) from rows (M, F), as it did best on a fifth held back.

    Begins with equal odds for every sample and stops when the fifth no longer gets better, so that what cannot be told
    apart gets equal odds. Own generators, Adam, so many batches at most.
    """
    (real, real_check), (fake, fake_check) = halves(real.float(), seed, 0.8), halves(fake.float(), seed + 1, 0.8)
    network = dense(torch.cat([real, fake]), seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LR, weight_decay=_DECAY, fused=True)
    place, best, kept, waited = generator(seed, -1), float("inf"), dict[str, Tensor](), 0
    for move in range(moves + 1):
        if move % _BETWEEN == 0:
            with torch.no_grad():
                loss = float(_loss(network(real_check), network(fake_check)))
            waited = 0 if loss < best else waited + 1
            if loss < best:
                best, kept = loss, {name: value.clone() for name, value in network.state_dict().items()}
            if waited == _PATIENCE:
                break
        _move(network, optimizer, _drawn(real, place), _drawn(fake, place))
    network.load_state_dict(kept)
    return torch.no_grad()(lambda x: network(x.float()))


@torch.enable_grad()
def _move(network: nn.Module, optimizer: torch.optim.Optimizer, real: Tensor, fake: Tensor) -> None:
    optimizer.zero_grad()
    _loss(network(real), network(fake)).backward()
    optimizer.step()


def _loss(real: Tensor, fake: Tensor) -> Tensor:
    """Of logits (B,) and (B,), with equal odds before anything is seen: in nats."""
    return (softplus(-real).mean() + softplus(fake).mean()) / 2


def _drawn(x: Tensor, place: torch.Generator) -> Tensor:
    return x[torch.randint(len(x), (_BATCH,), generator=place).to(x.device)]


_WAYS = ("neighbour", "network")


def two_samples(data: Data, *, by: str = "neighbour", seed: int = 0) -> Metric:
    """Share that a classifier tells right of data and samples; one half is best (Lopez-Paz and Oquab 2017).

    `by` is the classifier: neighbour (what the nearest other sample is) or network (a small one, that learns from half
    of each and is asked about the other half). `seed` is where the network starts. Neighbours that are right less
    often are copies. The p-value is how often equal distributions are told apart so well or better.
    """
    if by not in _WAYS:
        raise Refusal(f"The metric 'two_samples' cannot be by {by!r}.{nearest(by, _WAYS)}")

    def measure(sets: SampleSets) -> Measurements:
        count = min(len(sets.real), len(sets.fake))  # else the larger set is guessed
        real, fake = centered_rows(subset(sets.real, count), subset(sets.fake, count))
        accuracy, p = by_neighbor(real, fake) if by == "neighbour" else by_network(real, fake, seed)
        return {"two_samples": accuracy, "two_samples_p": Measurement(p)}

    better = {"two_samples": "neither" if by == "neighbour" else "lower", "two_samples_p": "neither"}
    return Metric(measure, better=better)


@torch.no_grad()
def by_neighbor(real: Tensor, fake: Tensor) -> tuple[Measurement, float]:
    """How often the nearest other of all rows, (N, F) and (N, F), is of the same set, and the p-value.

    Two that are nearest to each other are right or wrong together, which adds their share to the variance; under equal
    distributions the mean is (N - 1) / (2 N - 1) (Schilling 1986).
    """
    both, count = torch.cat([real, fake]), len(real)
    closest = torch.cat([_blind(place, distances).argmin(dim=1) for place, distances in distance_chunks(both, both)])
    right = ((closest < count) == (torch.arange(2 * count, device=both.device) < count)).double()
    mutual = (closest[closest] == torch.arange(2 * count, device=both.device)).double().mean()
    share, more = float(right.mean()), 1 + float(mutual)
    error = math.sqrt(share * (1 - share) * more / (2 * count))
    return Measurement(share, error), _above(share, (count - 1) / (2 * count - 1), math.sqrt(more / (8 * count)))


def by_network(real: Tensor, fake: Tensor, seed: int = 0, moves: int = MOVES) -> tuple[Measurement, float]:
    """How often a network is right about the halves of (N, F) and (N, F) that it has not seen, and the p-value."""
    (real, real_left), (fake, fake_left) = halves(real, seed), halves(fake, seed + 1)
    logits = train_classifier(real, fake, seed, moves)
    told = torch.cat([logits(real_left), -logits(fake_left)])
    share = float(((told > 0).double() + (told == 0).double() / 2).mean())
    return Measurement(share, math.sqrt(share * (1 - share) / len(told))), _above(
        share, 0.5, 1 / math.sqrt(4 * len(told))
    )


def _blind(place: slice, distances: Tensor) -> Tensor:
    """Distances (n, N) of these rows, none being its own neighbour."""
    at = torch.arange(place.start, place.stop, device=distances.device)
    distances[at - place.start, at] = torch.inf
    return distances


def _above(share: float, mean: float, deviation: float) -> float:
    """The probability of a normal to be at least so large."""
    return math.erfc((share - mean) / deviation / math.sqrt(2)) / 2


_SEEN = ("samples", "features")


def held_out_critic(data: Data, *, sees: str = "samples", moves: int = MOVES, seed: int = 0) -> Metric:
    """Bound on the Jensen-Shannon divergence by a critic of its own, nats; 0 is best, log 2 the worst (Im et al. 2018).

    A small dense network learns from training data against half of the samples, and is asked about held-out data and
    the other half: nothing that it is asked about has been seen, by it or by the model. `sees` is what it looks at:
    samples (pixels as bytes keep them) or features; `moves` is how many batches it learns from, at most;
    `seed` is where the network starts. The interval is 1.96 standard errors.
    """
    if moves < 1:
        raise Refusal("The metric 'held_out_critic' needs a batch to learn from: moves of at least 1.")
    if sees not in _SEEN:
        raise Refusal(f"The metric 'held_out_critic' cannot see {sees!r}.{nearest(sees, _SEEN)}")

    def measure(sets: SampleSets) -> Measurements:
        real, fake, train = (
            flat(_kept(data, x) if sees == "samples" else x) for x in (sets.real, sets.fake, sets.train)
        )
        return {"held_out_critic": divergence(real, fake, train, seed, moves)}

    return Metric(measure, input=sees)


def divergence(real: Tensor, fake: Tensor, train: Tensor, seed: int = 0, moves: int = MOVES) -> Measurement:
    """log 2 + (E log s(T(x)) + E log(1 - s(T(G)))) / 2 (Goodfellow et al. 2014), never above the divergence on average.

    T learns from train (K, F) and half of fake (M, F), as many of each, and is evaluated on real (N, F) and the rest.
    """
    fake, left = halves(fake, seed)
    count = min(len(train), len(fake))
    logits = train_classifier(
        halves(train, seed, count / len(train))[0] if len(train) > count else train, fake, seed, moves
    )
    sides = [logsigmoid(side.double()) + math.log(2) for side in (logits(real), -logits(left))]
    value = sum(float(side.mean()) for side in sides) / 2
    return Measurement(value, math.sqrt(sum(float(side.var()) / len(side) for side in sides)) / 2)


@torch.no_grad()
def _kept(data: Data, x: Tensor) -> Tensor:
    """Samples as files hold them: pixels (B, C, H, W) in whole steps of a byte, so that rounding betrays nobody."""
    return ((x + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1 if isinstance(data.space, Image) else x
