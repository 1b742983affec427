"""Linear probing of features, against raw pixels and the untrained network."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..core.errors import Refusal
from ..core.seeding import generator, key
from ..data.batches import binarized
from ..data.dataset import Data
from ..networks.norms import reestimate_batchnorm
from . import inputs
from .critic_outputs import answers, chunked, told, views
from .features import FEATURES, hearing, maps, network_of
from .inputs import is_binary
from .linear_svm import fitted
from .load import DAMAGE, assembled, config_of, damaged
from .sampler import Sampler

_BATCH = 256


_DISTANCES_AT_A_TIME = 1 << 25  # distances held at a time: 128 MiB


def nearest_class(known: Tensor, y: Tensor, asked: Tensor) -> Tensor:
    """For rows (M, F) the label of the nearest of the rows (N, F) labelled (N,), by Euclidean distance: (M,).

    Of equally near ones the first.
    """
    middle, found = known.mean(dim=0), list[Tensor]()  # the same distances, of smaller numbers
    known = known - middle
    squares = known.square().sum(dim=1)
    for rows in asked.split(max(_DISTANCES_AT_A_TIME // len(known), 1)):
        distances = torch.addmm(squares, rows - middle, known.T, alpha=-2)  # up to |row|^2, the same for all
        found.append(distances.argmin(dim=1))
    return y[torch.cat(found)]


def beginning(place: Path | None) -> Sampler:
    """The model in a folder as the run that left it began. Raises Refusal for one without a folder."""
    recipe, _ = inputs.recipe(place), inputs.config(place)
    return untrained(place or Path(), 0 if recipe is None else recipe.seed)


def untrained(place: Path, seed: int) -> Sampler:
    """The model in a folder as its networks were before the first round, in a run with this seed."""
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(key(seed, -1))
            return assembled(config_of(place))
    except Refusal:
        raise
    except DAMAGE as error:
        raise damaged(place, error) from None


def reestimate_untrained(model: Sampler, x: Tensor, of: str) -> None:
    """Give batch norms that have seen nothing the statistics of samples (N, *shape)."""
    y = None if model.conditions is None else torch.zeros(len(x), model.conditions.rows.shape[1]).to(x)

    def batch(i: int) -> tuple[Tensor, Tensor | None]:
        start = i * _BATCH % max(len(x) - _BATCH + 1, 1)
        return x[start : start + _BATCH], None if y is None else y[start : start + _BATCH]

    if "encoder" in model.networks and (of == "encoder" or model.sees == "pairs"):
        network = model.networks["encoder"]
        reestimate_batchnorm(network, lambda i: network(*batch(i)).mean)
    if of == "critic":
        critic = network_of(model, of)
        reestimate_batchnorm(critic, lambda i: critic(*views(model, *batch(i)), **told(batch(i)[1])))


_ORDER = -7  # place of the order in which samples are taken
TOLD = (
    "The features of this network depend on the label that it is told, so that they would be asked for what they were "
    "given: probe one that is not told, such as of --conditional false, --critic.conditioning projection or classifier."
)


@dataclass(frozen=True)
class Question:
    """What to probe, and on how many samples.

    Args:
        of: Network: critic or encoder.
        layers: Layer names, concatenated: conv1,conv2 (`equilibria features RUN` lists them); default: the last hidden.
        pooled: Max-pool each feature map to N x N, of all layers or of --layer (DCGAN: 4); 0: keep maps as they are.
        train: Maximum number of training samples.
        test: Maximum number of held-out samples.
    """

    of: str = "critic"
    layers: tuple[str, ...] = ()
    pooled: int = 0  # Radford et al. 2016
    train: int = 10_000
    test: int = 10_000

    def __post_init__(self) -> None:
        for name in ("train", "test"):
            if getattr(self, name) < 2:
                raise Refusal(f"{name} is {getattr(self, name)}: at least 2 samples are needed.")
        if self.pooled < 0:
            raise Refusal(f"pooled is {self.pooled}: a number of values a side is needed; 0 means as they are.")

    def names(self, model: Sampler) -> list[str]:
        """The layers that are meant."""
        return list(self.layers) or (maps(model, self.of) if self.pooled else [FEATURES])


@dataclass(frozen=True)
class Row:
    """What can be told from some features."""

    name: str
    size: int  # numbers a sample
    linear: float  # share of the held-out samples that are right
    nearest: float
    decay: float  # of the linear classifier

    def cells(self, count: int) -> tuple[str, ...]:
        """To print, with the standard errors of so many samples."""
        shares = [f"{100 * p:.2f} ± {100 * math.sqrt(p * (1 - p) / count):.2f} %" for p in (self.linear, self.nearest)]
        return self.name, f"{self.size:,}", *shares


@dataclass(frozen=True)
class Report:
    """Raw pixels, the untrained network and the trained one, always all three."""

    rows: tuple[Row, Row, Row]
    train: int
    test: int


@dataclass(frozen=True)
class Samples:
    """Those that are learned from and those that are asked for, as networks see them, with classes (N,)."""

    x: Tensor
    y: Tensor
    held_out: Tensor
    held_out_y: Tensor
    classes: int

    @classmethod
    def of(cls, data: Data, question: Question, device: torch.device, binary: bool = False) -> "Samples":
        """Some of the data, always the same; black or white if `binary`. Raises Refusal without classes."""
        if data.labels is None or data.labels.kind != "class" or data.y is None or data.held_out_y is None:
            raise Refusal(
                f"A probe asks features for classes, and the data {data.name!r} have none: choose other --data."
            )
        train, test = _some(len(data.x), question.train), _some(len(data.held_out), question.test)
        x, held_out = data.space.encode(data.x[train]), data.space.encode(data.held_out[test])
        if binary:
            x, held_out = binarized(x.cpu(), generator(0)), binarized(held_out.cpu(), generator(1))
        y, held_out_y = data.y[train].long(), data.held_out_y[test].long()
        return cls(x.to(device), y.to(device), held_out.to(device), held_out_y.to(device), data.labels.size)


def probe(model: Sampler, untrained: Sampler, data: Data, question: Question = Question()) -> Report:
    """What a linear classifier and the nearest neighbour make of pixels, of features untrained, and of features.

    Linear: squared hinge, one class against the rest, on standardized features. Nearest: Euclidean, features as they
    are. Both know the training part and are asked for held-out samples.
    """
    if tuple(data.space.shape) != tuple(model.space.shape):
        theirs, ours = (" x ".join(map(str, space.shape)) for space in (data.space, model.space))
        raise Refusal(f"The data {data.name!r} have samples of {theirs}, and this model knows samples of {ours}.")
    samples, names = Samples.of(data, question, model.device, is_binary(model)), question.names(model)
    reestimate_untrained(untrained, samples.x, question.of)
    rows = [_row("raw pixels", samples.x.flatten(1).clone(), samples.held_out.flatten(1), samples)]
    for title, each in (("untrained", untrained), ("trained", model)):
        known, asked = (_seen(each, names, question, x) for x in (samples.x, samples.held_out))
        rows.append(_row(f"{question.of}, {title}", known, asked, samples))
    return Report((rows[0], rows[1], rows[2]), len(samples.y), len(samples.held_out_y))


def _row(name: str, known: Tensor, asked: Tensor, samples: Samples) -> Row:
    """How often features (N, F) and (M, F) tell the class; the first are standardized where they lie."""
    nearest = nearest_class(known, samples.y, asked)
    linear = fitted(known, samples.y, samples.classes)
    right, alike = (float((said == samples.held_out_y).double().mean()) for said in (linear.classes(asked), nearest))
    return Row(name, known.shape[1], right, alike, linear.decay)


def _seen(model: Sampler, names: Sequence[str], question: Question, x: Tensor) -> Tensor:
    """Features (N, F) of samples (N, *shape)."""
    ask = hearing(model, names, question.of, question.pooled)
    return joined((part.flatten(1) for part in answers(model, ask, chunked(x), TOLD)), len(x))


def joined(parts: Iterable[Tensor], count: int) -> Tensor:
    """Rows (n, F) each, in one tensor (count, F), without holding them twice."""
    whole, start = torch.empty(0), 0
    for part in parts:
        if start == 0:
            whole = part.new_empty(count, part.shape[1])
        whole[start : start + len(part)] = part
        start += len(part)
    return whole


def _some(count: int, wanted: int) -> Tensor:
    """Places of so many of `count` samples, in an order that is always the same."""
    return torch.randperm(count, generator=generator(count, _ORDER))[:wanted]
