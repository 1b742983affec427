"""Linear probing of features, against raw pixels and the untrained network."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..core.errors import Refusal, as_refusal, at_least
from ..core.seeding import generator, key
from ..data.batches import binarized
from ..data.dataset import Data
from ..data.read_samples import check_shape
from ..networks.norms import reestimate_batchnorm
from .critic_outputs import condition_kwargs, outputs, views
from .features import default_layers, feature_function, network_of
from .inputs import is_binary, read_inputs
from .linear_svm import fit
from .model_folder import DAMAGE, build, read_config, refuse_code

if TYPE_CHECKING:
    from .model import Model

_BATCH = 256
_DISTANCES = 1 << 25  # held at a time: 128 MiB
_ORDER = -7  # place of the order in which samples are selected
CONDITIONAL = (
    "The features of this network depend on its condition, so a probe would find the label that they received: probe a "
    "network without one, such as of --conditional false, --critic.conditioning projection or classifier."
)
TITLES = ("features", "dimensions", "linear", "1-nearest neighbor")


@dataclass(frozen=True)
class ProbeOptions:
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
        at_least(2, "", train=self.train, test=self.test)
        if self.pooled < 0:
            raise Refusal(f"pooled is {self.pooled}: at least 1 is needed, or 0 to keep maps as they are.")


@dataclass(frozen=True)
class Row:
    """The accuracies that some features allow."""

    name: str
    size: int  # dimensions
    linear: float  # accuracy on held-out samples
    nearest: float
    decay: float  # weight decay of the linear classifier

    def cells(self, count: int) -> tuple[str, ...]:
        """To print, with the standard errors for so many held-out samples."""
        shares = [f"{100 * p:.2f} ± {100 * math.sqrt(p * (1 - p) / count):.2f} %" for p in (self.linear, self.nearest)]
        return self.name, f"{self.size:,}", *shares


@dataclass(frozen=True)
class Report:
    """Raw pixels, the untrained network and the trained one, always all three."""

    rows: tuple[Row, Row, Row]
    train: int
    test: int

    def table(self) -> list[tuple[str, ...]]:
        """The rows to print, with standard errors, below their titles."""
        return [TITLES, *(row.cells(self.test) for row in self.rows)]

    def summary(self, data: str, seed: int) -> str:
        """The data and the method in words."""
        decays = ", ".join(f"{row.decay:g}" for row in self.rows)
        return (
            f"Accuracy on {self.test:,} held-out samples of {data}, with its standard error, after {self.train:,} "
            f"samples of the training part. Linear: squared hinge, one class against the rest, on features "
            f"standardized over the training part; weight decay selected on a fifth of it ({decays}). Nearest "
            f"neighbor: Euclidean, features as they are. Untrained: the initial network of a run with seed {seed}, "
            f"with batch-norm statistics, if any, of the training part."
        )


def probe(model: "Model", initial: "Model", data: Data, options: ProbeOptions = ProbeOptions()) -> Report:
    """Accuracy of a linear classifier and of the nearest neighbor on pixels, untrained and trained features.

    Linear: squared hinge, one class against the rest, on standardized features. Nearest: Euclidean, features as they
    are. Both are fitted on the training part and tested on held-out samples.
    """
    data = data.labeled_part()
    check_shape(data.name, data.x, model.space)
    if data.labels is None or data.labels.kind != "class" or data.y is None or data.held_out_y is None:
        raise Refusal(f"A probe needs classes, and the data {data.name!r} has none: choose other --data.")
    classes = data.labels.size
    x, y = _select(model, data.x, data.y, options.train, 0)
    held_out, held_out_y = _select(model, data.held_out, data.held_out_y, options.test, 1)

    def row(name: str, train: Tensor, test: Tensor) -> Row:
        """The accuracies of features (N, F) and (M, F); the first are standardized in place."""
        nearest = nearest_class(train, y, test)
        linear = fit(train, y, classes)
        shares = [float((each == held_out_y).double().mean()) for each in (linear.classes(test), nearest)]
        return Row(name, train.shape[1], shares[0], shares[1], linear.decay)

    reestimate_untrained(initial, x, options.of)
    rows = [row("raw pixels", x.flatten(1).clone(), held_out.flatten(1))]
    layers = list(options.layers) or default_layers(model, options.of, options.pooled)
    for title, each in (("untrained", initial), ("trained", model)):
        train, test = (_features(each, layers, options, samples) for samples in (x, held_out))
        rows.append(row(f"{options.of}, {title}", train, test))
    return Report((rows[0], rows[1], rows[2]), len(y), len(held_out_y))


def untrained(model: "Model", seed: int, trust: bool = False) -> "Model":
    """The model with its networks as they were before the first round of a run with this seed."""
    config = refuse_code(read_config(model.folder), str(model.folder), trust=trust)
    text = f"The model in {model.folder} is damaged or incomplete"
    with as_refusal(text, *DAMAGE), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(seed, -1))
        return replace(model, networks=build(config, model))


def reestimate_untrained(model: "Model", x: Tensor, of: str) -> None:
    """Give untrained batch norms the statistics of samples (N, *shape)."""
    y = None if model.conditions is None else torch.zeros(len(x), model.condition_size).to(x)

    def batch(i: int) -> tuple[Tensor, Tensor | None]:
        start = i * _BATCH % max(len(x) - _BATCH + 1, 1)
        return x[start : start + _BATCH], None if y is None else y[start : start + _BATCH]

    if "encoder" in model.networks and (of == "encoder" or model.critic_input.views == "pairs"):
        network = model.networks["encoder"]
        reestimate_batchnorm(network, lambda i: network(*batch(i)).mean)
    if of == "critic":
        critic = network_of(model, of)
        reestimate_batchnorm(critic, lambda i: critic(*views(model, *batch(i)), **condition_kwargs(batch(i)[1])))


def nearest_class(train: Tensor, y: Tensor, test: Tensor) -> Tensor:
    """The classes (M,) of the nearest of rows (N, F) with classes (N,) to rows (M, F); of equals the first."""
    center, nearest = train.mean(dim=0), list[Tensor]()  # the same distances, of smaller numbers
    train = train - center
    squares = train.square().sum(dim=1)
    for rows in test.split(max(_DISTANCES // len(train), 1)):
        distances = torch.addmm(squares, rows - center, train.T, alpha=-2)  # up to |row|^2, the same for all
        nearest.append(distances.argmin(dim=1))
    return y[torch.cat(nearest)]


def _select(model: "Model", x: Tensor, y: Tensor, most: int, place: int) -> tuple[Tensor, Tensor]:
    """At most so many samples as the model's networks see them, always the same, and their classes (N,)."""
    rows = torch.randperm(len(x), generator=generator(len(x), _ORDER))[:most]
    samples = model.space.encode(x[rows])
    if is_binary(model):
        samples = binarized(samples.cpu(), generator(place))
    return samples.to(model.device), y[rows].long().to(model.device)


def _features(model: "Model", layers: list[str], options: ProbeOptions, x: Tensor) -> Tensor:
    """Features (N, F) of samples (N, *shape)."""
    function = feature_function(model, layers, options.of, options.pooled)
    inputs = replace(read_inputs(model, x, required=False), y=None)
    return join((part.flatten(1) for part in outputs(model, function, inputs, CONDITIONAL)), len(x))


def join(parts: Iterable[Tensor], count: int) -> Tensor:
    """Rows (n, F) each, in one tensor (count, F), without holding them twice."""
    rows, start = torch.empty(0), 0
    for part in parts:
        if start == 0:
            rows = part.new_empty(count, part.shape[1])
        rows[start : start + len(part)] = part
        start += len(part)
    return rows
