"""What is compared: held-out samples that nothing was chosen by, training samples, and what a network sees of them."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.types import Batch
from ..data import Data
from ..data.batches import binarized
from ..evaluation.features import Features
from ..evaluation.metrics.base import SampleSets
from ..models.sampler import CHUNK, Sampler
from ..runs.selection import reporting

MOST = 10_000  # samples of a kind, if nobody says how many
_LEARNED = 20_000  # training samples that others are compared with, at most
_FEWEST = 16  # held-out samples that anything can be said by
_AT_ONCE = 256  # samples that a network sees
PATIENCE = 5.0  # seconds without a word

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass(frozen=True)
class RealSamples:
    """Real samples as networks see them, in three parts that share none."""

    data: Data
    real: Batch  # held out, the reporting part: (N, *shape), with conditions (N, C) where there are labels
    floor: Batch  # training samples in the place of generated ones: (M, *shape)
    train: Tensor  # other training samples: (K, *shape)
    split: str  # in words, for cards


@dataclass
class SampleSet:
    """Rows of samples, and of their features once anybody asks."""

    samples: Tensor  # (N, *shape)
    called: str  # in words
    features: dict[str, Tensor] = field(default_factory=dict)

    def by(self, network: Features, say: Say) -> Tensor:
        """What a network sees of them: (N, F). Raises Refusal for a network that answers no rows."""
        if network.name not in self.features:
            parts = [
                network.network(part)
                for part in with_progress(
                    self.samples.split(_AT_ONCE), len(self.samples), f"features of {self.called}", say
                )
            ]
            if any(part.ndim != 2 for part in parts):
                raise Refusal(f"The network {network.name!r} answers {tuple(parts[0].shape)}: rows (B, F) are needed.")
            self.features[network.name] = torch.cat(parts).float()
        return self.features[network.name]


def real_samples(data: Data, count: int, binary: bool = False) -> RealSamples:
    """The samples that are compared: so many in the place of generated ones, 0: as many as are held out to report on.

    Raises Refusal where there are too few.
    """
    places = reporting(data)
    if len(places) < _FEWEST:
        raise Refusal(
            f"Of {data.name!r} {len(places)} held-out samples are left to report on, after those that runs are chosen "
            f"by: at least {_FEWEST} are needed."
        )
    wanted = count or min(len(places), MOST)
    most = len(data.x) - _FEWEST
    if wanted < _FEWEST or wanted > most:
        raise Refusal(f"count is {wanted}: of {data.name!r} from {_FEWEST} to {most:,} samples can be compared.")
    order = torch.randperm(len(data.x), generator=generator(0, len(data.x)))
    floor, train = order[:wanted], order[wanted : wanted + (min(_LEARNED, 2 * count) if count else _LEARNED)]
    split = f"held out, reporting part; {len(train)} training samples beside it"
    drawn = generator(0)
    held_out = _batch(data, data.held_out, data.held_out_y, places[:wanted], binary, drawn)
    standing = _batch(data, data.x, data.y, floor, binary, drawn)
    learned = _batch(data, data.x, data.y, train, binary, drawn).x
    return RealSamples(data, held_out, standing, learned, split)


def feature_sets(real: SampleSet, fake: SampleSet, train: SampleSet, network: Features | None, say: Say) -> SampleSets:
    """The three as a metric wants them: as they are, or as a network sees them."""
    if network is None:
        return SampleSets(real.samples, fake.samples, train.samples)
    return SampleSets(*(each.by(network, say) for each in (real, fake, train)))


def generated_samples(model: Sampler, count: int, seed: int, say: Say, called: str) -> Batch:
    """What the model draws, with the conditions that it was told, as often as the data have them."""
    found = list(with_progress(model.draws(count, seed), count, f"drawing {called}", say, CHUNK))
    y = [y.cpu() for _, y in found if y is not None]
    return Batch(torch.cat([x.cpu() for x, _ in found]), torch.cat(y) if y else None)


def with_progress(parts: Iterable[T], count: int, doing: str, say: Say, size: int = _AT_ONCE) -> Iterator[T]:
    """The same parts, with a word now and then on how far they are."""
    start = last = time.monotonic()
    for done, part in enumerate(parts):
        now = time.monotonic()
        if done and now - last > PATIENCE:
            last, share = now, done * size / count
            say(f"  {doing}: {done * size:,} of {count:,}, {(now - start) * (1 - share) / share:.0f} s left")
        yield part


def _batch(data: Data, x: Tensor, y: Tensor | None, places: Tensor, binary: bool, generator: torch.Generator) -> Batch:
    seen = data.space.encode(x[places.to(x.device)])
    seen = binarized(seen.cpu(), generator) if binary else seen
    return Batch(seen, None if data.labels is None or y is None else data.labels.encode(y[places.to(y.device)]))
