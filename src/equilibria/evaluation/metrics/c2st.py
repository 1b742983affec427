"""Classifier two-sample test, and a bound on the divergence by an independent critic."""

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
from .base import FOR_SHARES, PORTION, SHARE, Measurement, Measurements, Metric, SampleSets, Sizes, proportion

Logits = Callable[[Tensor], Tensor]  # (B, F) -> (B,), high for real

STEPS = 2000  # batches, at most
_WIDTH, _WAVES = 128, 64
_OCTAVES = 6  # of frequencies: from one standard deviation of the data to a sixty-fourth of it
_FEW = 32  # features, up to which the network receives waves, too
_BATCH, _LR, _DECAY = 64, 1e-3, 1e-4
_INTERVAL, _PATIENCE = 50, 8  # batches between validations; validations without progress
_FEWEST = 200  # samples of a critic
_CLASSIFIERS, _INPUTS = ("neighbour", "network"), ("samples", "features")


def two_samples(data: Data, *, by: str = "neighbour", seed: int = 0) -> Metric:
    """Accuracy of a classifier of data against samples; one half is best (Lopez-Paz and Oquab 2017).

    `by` is the classifier: neighbour (the set of the nearest other sample) or network (a small one, trained on half of
    each set and tested on the other half). `seed` is for the weights of the network. An accuracy below one half by
    neighbors means copies. The p-value is the probability of such an accuracy or a higher one for equal distributions.
    """
    if by not in _CLASSIFIERS:
        raise Refusal(f"The metric 'two_samples' cannot be by {by!r}.{nearest(by, _CLASSIFIERS)}")

    def measure(sets: SampleSets) -> Measurements:
        count = min(len(sets.real), len(sets.fake))  # equal sizes: else the larger set would be the better guess
        real, fake = centered_rows(subset(sets.real, count), subset(sets.fake, count))
        accuracy, p = by_neighbor(real, fake) if by == "neighbour" else by_network(real, fake, seed)
        return {"two_samples": accuracy, "two_samples_p": Measurement(p)}

    better = {"two_samples": "neither" if by == "neighbour" else "lower", "two_samples_p": "neither"}

    def cost(sizes: Sizes) -> float:
        return sizes.distances(4 * sizes.count**2) if by == "neighbour" else _training(sizes, STEPS)

    ranges = dict.fromkeys(better, PORTION)
    return Metric(measure, better=better, fewest=FOR_SHARES, reason=SHARE, cost=cost, ranges=ranges)


@torch.no_grad()
def by_neighbor(real: Tensor, fake: Tensor) -> tuple[Measurement, float]:
    """The share of rows, of (N, F) and (N, F), whose nearest other row is of the same set, and the p-value.

    Two that are nearest to each other are right or wrong together, which adds their share to the variance; under equal
    distributions the mean is (N - 1) / (2 N - 1) (Schilling 1986).
    """
    both, count = torch.cat([real, fake]), len(real)
    index = torch.arange(2 * count, device=both.device)
    closest = torch.cat([_without_self(place, chunk).argmin(dim=1) for place, chunk in distance_chunks(both, both)])
    right = ((closest < count) == (index < count)).double()
    mutual = (closest[closest] == index).double().mean()
    share, more = float(right.mean()), 1 + float(mutual)
    error = math.sqrt(share * (1 - share) * more / (2 * count))
    return Measurement(share, error), _above(share, (count - 1) / (2 * count - 1), math.sqrt(more / (8 * count)))


def by_network(real: Tensor, fake: Tensor, seed: int = 0, steps: int = STEPS) -> tuple[Measurement, float]:
    """The accuracy of a network on the test halves of (N, F) and (N, F), and the p-value; ties count half."""
    (real, real_test), (fake, fake_test) = halves(real, seed), halves(fake, seed + 1)
    logits = train_classifier(real, fake, seed, steps)
    correct = torch.cat([logits(real_test), -logits(fake_test)])
    share = float(((correct > 0).double() + (correct == 0).double() / 2).mean())
    return proportion(share, len(correct)), _above(share, 0.5, 1 / math.sqrt(4 * len(correct)))


def _without_self(place: slice, distances: Tensor) -> Tensor:
    """Distances (n, N) of these rows, infinite from a row to itself."""
    rows = torch.arange(place.start, place.stop, device=distances.device)
    distances[rows - place.start, rows] = torch.inf
    return distances


def _above(share: float, mean: float, std: float) -> float:
    """The probability that a normal variable is at least `share`."""
    return math.erfc((share - mean) / std / math.sqrt(2)) / 2


def held_out_critic(data: Data, *, sees: str = "samples", moves: int = STEPS, seed: int = 0) -> Metric:
    """Bound on the Jensen-Shannon divergence by an independent critic, nats; 0 is best, log 2 worst (Im et al. 2018).

    A small dense network is trained on training data against half of the samples, and tested on held-out data and the
    other half, which neither it nor the model was trained on. `sees` is its input: samples (pixels rounded to bytes)
    or features; `moves` is training steps, at most; `seed` is for its weights. The interval is 1.96 standard errors.
    """
    if moves < 1:
        raise Refusal("The metric 'held_out_critic' needs a batch to learn from: moves of at least 1.")
    if sees not in _INPUTS:
        raise Refusal(f"The metric 'held_out_critic' cannot see {sees!r}.{nearest(sees, _INPUTS)}")
    has_pixels = sees == "samples" and isinstance(data.space, Image)

    def measure(sets: SampleSets) -> Measurements:
        real, fake, train = (flat(_as_bytes(x) if has_pixels else x) for x in (sets.real, sets.fake, sets.train))
        return {"held_out_critic": divergence(real, fake, train, seed, moves)}

    return Metric(
        measure,
        sees,
        fewest=_FEWEST,
        reason="half of the samples train the critic, and below 100 it learns next to nothing",
        training="to train the critic",
        cost=lambda sizes: _training(sizes, moves),
    )


def _training(sizes: Sizes, steps: int) -> float:
    """Seconds to train a classifier."""
    return steps / 2 * (1e-3 + 2e-6 * sizes.features)  # it often stops before half of them


def divergence(real: Tensor, fake: Tensor, train: Tensor, seed: int = 0, steps: int = STEPS) -> Measurement:
    """log 2 + (E log s(T(x)) + E log(1 - s(T(G)))) / 2 (Goodfellow et al. 2014), never above the divergence on average.

    T is trained on train (K, F) and half of fake (M, F), as many of each, and tested on real (N, F) and the rest.
    """
    fake, rest = halves(fake, seed)
    count = min(len(train), len(fake))
    train = halves(train, seed, count / len(train))[0] if len(train) > count else train
    logits = train_classifier(train, fake, seed, steps)
    sides = [logsigmoid(side.double()) + math.log(2) for side in (logits(real), -logits(rest))]
    value = sum(float(side.mean()) for side in sides) / 2
    return Measurement(value, math.sqrt(sum(float(side.var()) / len(side) for side in sides)) / 2)


@torch.no_grad()
def _as_bytes(x: Tensor) -> Tensor:
    """Pixels (B, C, H, W) rounded to bytes, as in image files, so that rounding gives no sample away."""
    return ((x + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1


def halves(x: Tensor, seed: int, share: float = 0.5) -> tuple[Tensor, Tensor]:
    """A random split of a set (N, ...) into two that are not empty; the first has this share."""
    order = torch.randperm(len(x), generator=generator(seed, len(x))).to(x.device)
    first = min(max(round(share * len(x)), 1), len(x) - 1)
    return x[order[:first]], x[order[first:]]


def train_classifier(real: Tensor, fake: Tensor, seed: int, steps: int = STEPS) -> Logits:
    """A small network trained to separate rows (N, F) from rows (M, F), at its best on a validation fifth.

    It starts at equal odds for every sample and stops when the validation loss no longer decreases, so that equal
    distributions keep equal odds. Adam with generators of its own, at most `steps` batches.
    """
    (real, real_check), (fake, fake_check) = halves(real.float(), seed, 0.8), halves(fake.float(), seed + 1, 0.8)
    network = dense(torch.cat([real, fake]), seed)
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LR, weight_decay=_DECAY, fused=True)
    draws, best, weights, waiting = generator(seed, -1), float("inf"), dict[str, Tensor](), 0
    for step in range(steps + 1):
        if step % _INTERVAL == 0:
            with torch.no_grad():
                loss = float(_loss(network(real_check), network(fake_check)))
            waiting = 0 if loss < best else waiting + 1
            if loss < best:
                best, weights = loss, {name: value.clone() for name, value in network.state_dict().items()}
            if waiting == _PATIENCE:
                break
        with torch.enable_grad():
            optimizer.zero_grad()
            _loss(network(_batch(real, draws)), network(_batch(fake, draws))).backward()
            optimizer.step()
    network.load_state_dict(weights)
    return torch.no_grad()(lambda x: network(x.float()))


def _loss(real: Tensor, fake: Tensor) -> Tensor:
    """Cross-entropy of logits (B,) and (B,), each set with the same weight, in nats."""
    return (softplus(-real).mean() + softplus(fake).mean()) / 2


def _batch(x: Tensor, draws: torch.Generator) -> Tensor:
    return x[torch.randint(len(x), (_BATCH,), generator=draws).to(x.device)]


def dense(like: Tensor, seed: int) -> nn.Module:
    """A network from rows (B, F) to (B,), zero at first: two hidden layers of 128, with inputs scaled as `like` (N, F).

    Few features are also mapped to random waves of many lengths: else details much smaller than the whole are learned
    too late (Tancik et al. 2020).
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
    """Rows (B, F), standardized by the mean and std of others, with waves of them: (B, size)."""

    def __init__(self, like: Tensor, waves: int):
        super().__init__()
        self.size = like.shape[1] + 2 * waves
        self.mean = nn.Buffer(like.mean(dim=0))
        self.std = nn.Buffer(like.var(dim=0, correction=0).mean().sqrt().clamp(min=1e-12))
        directions = torch.randn(like.shape[1], waves) / math.sqrt(like.shape[1])
        self.frequencies = nn.Buffer(directions * 2 ** (_OCTAVES * torch.rand(waves)))

    def forward(self, x: Tensor) -> Tensor:
        x = (x - self.mean) / self.std
        phases = x @ self.frequencies
        return torch.cat([x, phases.cos(), phases.sin()], dim=1)
