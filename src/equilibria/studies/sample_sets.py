"""The samples that an evaluation compares: held-out and training samples, generated ones, and their features."""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator
from ..core.text import plural
from ..core.types import Batch
from ..data import Data
from ..data.batches import binarized
from ..evaluation.features import Features
from ..evaluation.metrics.base import SampleSets
from ..models.model import Model
from ..runs.selection import reporting

MOST = 10_000  # samples of a kind by default
FEWEST = 5  # samples of a kind, in any case
_MOST_TRAINING = 20_000  # training samples for comparison
_FEWEST = 16  # samples of a kind
_AT_ONCE = 256  # samples in a forward pass of the feature network
SILENCE = 5.0  # seconds after which progress is printed

Say = Callable[[str], None]
T = TypeVar("T")


@dataclass
class SampleSet:
    """Samples with their conditions, and their features once computed."""

    x: Tensor  # (N, *shape)
    name: str  # in messages
    y: Tensor | None = None  # (N, C), where there are labels
    features: dict[str, Tensor] = field(default_factory=dict)  # (N, F), by network

    @property
    def batch(self) -> Batch:
        return Batch(self.x, self.y)

    def of_class(self, place: int) -> "SampleSet":
        """The samples of one class."""
        rows = torch.zeros(len(self.x), dtype=torch.bool) if self.y is None else self.y[:, place].bool().cpu()
        return SampleSet(self.x[rows], self.name, features={name: each[rows] for name, each in self.features.items()})

    def rows(self, network: Features | None, say: Say) -> Tensor:
        """Their features by a network, (N, F); without one the samples, (N, *shape).

        Raises Refusal for a network whose output has another shape.
        """
        if network is None:
            return self.x
        if network.name not in self.features:
            parts = with_progress(self.x.split(_AT_ONCE), len(self.x), f"features of {self.name}", say)
            rows = [network.network(part) for part in parts]
            if any(part.ndim != 2 for part in rows):
                shape = tuple(rows[0].shape)
                raise Refusal(f"The network {network.name!r} returns {shape}: features are rows, (B, F).")
            self.features[network.name] = torch.cat(rows).float()
        return self.features[network.name]


@dataclass(frozen=True)
class RealSamples:
    """Real samples in three disjoint sets."""

    real: SampleSet  # held out, the reporting part
    floor: SampleSet  # training samples in place of generated ones
    train: SampleSet  # other training samples
    split: str  # in words, for the provenance
    lacks: str = ""  # why `train` is not what the model learned from, apart from `real`
    remark: str = ""  # on what the samples are

    def compare(self, samples: SampleSet, network: Features | None, say: Say, training: bool = True) -> SampleSets:
        """What a metric compares: these samples with the real ones, or the features of all.

        Without `training`, for metrics that do not use them, the samples of the floor replace the training samples.
        """
        train = self.train if training else self.floor
        return SampleSets(*(each.rows(network, say) for each in (self.real, samples, train)))


def real_samples(data: Data, count: int, binary: bool = False) -> RealSamples:
    """The real samples of an evaluation, `count` of each kind; 0: as many as the reporting part holds.

    Where it holds too few, half of the training samples take its place. Raises Refusal where those are too few, too.
    """
    places = reporting(data) if len(data.held_out) > 1 else torch.empty(0, dtype=torch.long)
    if len(places) < _FEWEST:
        return _training_halves(data, count, binary, len(places))
    size, most = count or min(len(places), MOST), len(data.x) - _FEWEST
    if not _FEWEST <= size <= most:
        raise Refusal(f"count is {size:,}: {data.name!r} allows {_FEWEST} to {most:,} samples.")
    order = torch.randperm(len(data.x), generator=generator(0, len(data.x)))
    floor, train = order[:size], order[size : size + (min(_MOST_TRAINING, 2 * count) if count else _MOST_TRAINING)]
    sample_set = _reader(data, binary)
    return RealSamples(
        sample_set("held-out samples", data.held_out, data.held_out_y, places[:size]),
        sample_set("training samples for the floor", data.x, data.y, floor),
        sample_set("training samples", data.x, data.y, train),
        f"held out, reporting part; {len(train)} training samples for comparison",
    )


def _training_halves(data: Data, count: int, binary: bool, held_out: int) -> RealSamples:
    """Training samples in place of held-out ones, and as many others for the floor. Raises Refusal for too few."""
    most = len(data.x) // 2
    if most < FEWEST or not FEWEST <= (size := count or min(most, MOST)) <= most:
        advice = f"--count can be {FEWEST} to {most}" if most >= FEWEST else f"add samples, for {2 * FEWEST} at least"
        texts = f"{data.name!r} has {len(data.x)} training samples and {held_out} held out for reports"
        raise Refusal(f"{texts}, too few for a count of {count or FEWEST}: {advice}.")
    order, sample_set = torch.randperm(len(data.x), generator=generator(0, len(data.x))), _reader(data, binary)
    real, floor = (sample_set("training samples", data.x, data.y, part) for part in order[: 2 * size].split(size))
    return RealSamples(
        real,
        floor,
        floor,
        f"training samples, since {held_out} are held out for reports; another {size} are the floor",
        lacks="here they stand for held-out ones",
        remark=f"{plural(held_out, 'sample')} held out for reports are too few: {size} of the {len(data.x)} training "
        "samples stand for them. A model that copies these scores best, so no value says whether its samples are new.",
    )


def _reader(data: Data, binary: bool) -> Callable[[str, Tensor, Tensor | None, Tensor], SampleSet]:
    """Makes a set of samples as networks receive them, in places of some (N, ...) as stored."""
    draw = generator(0)

    def sample_set(name: str, x: Tensor, y: Tensor | None, places: Tensor) -> SampleSet:
        x = data.space.encode(x[places.to(x.device)])
        x = binarized(x.cpu(), draw) if binary else x
        labels = None if data.labels is None or y is None else data.labels.encode(y[places.to(y.device)])
        return SampleSet(x, name, labels)

    return sample_set


def generated_samples(model: Model, count: int, seed: int, say: Say, name: str) -> SampleSet:
    """Samples of the model, with conditions as frequent as in the data."""
    parts = list(with_progress(model.batches(count, seed), count, f"drawing {name}", say, model.CHUNK))
    y = [y.cpu() for _, y in parts if y is not None]
    return SampleSet(torch.cat([x.cpu() for x, _ in parts]), name, torch.cat(y) if y else None)


def with_progress(parts: Iterable[T], count: int, task: str, say: Say, size: int = _AT_ONCE) -> Iterator[T]:
    """The same parts, with a message now and then about what is left."""
    start = last = time.monotonic()
    for done, part in enumerate(parts):
        now = time.monotonic()
        if done and now - last > SILENCE:
            last, share = now, done * size / count
            say(f"  {task}: {done * size:,} of {count:,}, {(now - start) * (1 - share) / share:.0f} s left")
        yield part


def repetitions(samples: SampleSet, real: RealSamples, real_name: str) -> list[str]:
    """Sentences on samples that are equal to others, or to real ones."""
    sets = (samples.x, real.real.x, real.floor.x)
    rows, *others = ([hashlib.blake2b(row.contiguous().numpy().data).digest() for row in x] for x in sets)
    originals, remarks, name = {row for each in others for row in each}, list[str](), samples.name
    if copies := sum(row in originals for row in rows):
        remarks.append(f"{plural(copies, 'sample')} of {name} equal samples of {real_name}: they count as generated.")
    if repeated := len(rows) - len(set(rows)):
        remarks.append(f"{plural(repeated, 'sample')} of {name} repeat others of {name}.")
    return remarks
