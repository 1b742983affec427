"""Metrics on held-out data that select the best checkpoint, and the samples that they use."""

import statistics
from typing import Any

import torch

from ..core.errors import Refusal
from ..core.posteriors import Gaussian
from ..core.seeding import generator
from ..core.types import Batch
from ..data import Data
from ..data.batches import binarized
from ..evaluation.metrics.base import Measurement
from ..evaluation.metrics.likelihood import bounds
from ..evaluation.metrics.wasserstein import sliced_wasserstein
from ..models.model import Model

_SELECTION = 1024  # held-out samples for selection, at most
_DRAWS, _DIRECTIONS = 8, 64  # to estimate the std of distances
_CHUNK = 256  # samples classified at a time
_SEED = -2  # of the generated samples


def measure(model: Model, data: Data, binary: bool = False) -> tuple[dict[str, float], int]:
    """The metrics of a model by name, the one for selection first, and the number of held-out samples used.

    The first is the class error of a critic that learned classes, else the likelihood bound if the model has one, else
    the sliced Wasserstein distance.
    """
    real = held_out_batch(data, len(selection(data)), model.conditions is not None, binary)
    fake = model.sample(len(real.x), seed=_SEED).to(real.x.device)
    distances = {"sliced_wasserstein": sliced_wasserstein(real.x, fake)}
    likelihood = bounds(model.networks, model.prior, real) if has_likelihood(model, real) else {}
    return _class_error(model, data) | likelihood | distances, len(real.x)


def real_levels(data: Data, binary: bool = False) -> dict[str, Measurement]:
    """The mean of each random metric, and its std, if as many training samples take the place of generated ones.

    Likelihoods and class errors use the same samples every time and have none.
    """
    real = held_out_batch(data, len(selection(data)), binary=binary).x
    distances = []
    for i in range(_DRAWS):
        draw = generator(i, len(real))
        x = data.space.encode(data.x[torch.randperm(len(data.x), generator=draw)[: len(real)].to(data.x.device)])
        x = binarized(x.cpu(), draw).to(real.device) if binary else x.to(real.device)
        distances.append(sliced_wasserstein(real, x, _DIRECTIONS))
    return {"sliced_wasserstein": Measurement(statistics.fmean(distances), statistics.stdev(distances))}


@torch.no_grad()
def _class_error(model: Model, data: Data) -> dict[str, float]:
    """The share of held-out samples that the critic misclassifies, if it learned classes."""
    if not model.critic_input.classes:
        return {}
    critic: Any = model.networks["critic"]
    data = data.labeled_part()
    if not len(data.held_out):
        return {}
    x, y = held_out_batch(data, len(selection(data)), labelled=True)
    logits = torch.cat([critic.classify(part) for part in x.split(_CHUNK)])
    return {} if y is None else {"class_error": float((logits.argmax(dim=1) != y.argmax(dim=1)).double().mean())}


@torch.no_grad()
def has_likelihood(model: Model, real: Batch) -> bool:
    """Whether the model has a likelihood of samples, and an encoder with a Gaussian posterior."""
    if not {"likelihood", "encoder"} <= set(model.networks):
        return False
    return isinstance(model.networks["encoder"](real.x[:1], None if real.y is None else real.y[:1]), Gaussian)


def selection(data: Data) -> torch.Tensor:
    """Indices of the held-out samples that select the best checkpoint: (n,) int64."""
    order = _held_out_order(data)
    return order[: max(1, min(_SELECTION, len(order) // 2))]


def reporting(data: Data) -> torch.Tensor:
    """Indices of all other held-out samples, for results: (M - n,) int64.

    Raises Refusal if only one sample is held out: it is used for selection.
    """
    order = _held_out_order(data)
    if len(order) < 2:
        raise Refusal(f"{data.name} has one held-out sample, which selects checkpoints: none is left for results.")
    return order[len(selection(data)) :]


def held_out(data: Data, count: int, label: int | None = None) -> torch.Tensor:
    """The first held-out samples, of all classes or of one, as networks receive them: (at most count, *space.shape)."""
    order = _held_out_order(data)
    if label is not None and data.held_out_y is not None:
        order = order[data.held_out_y.cpu()[order] == label]
    return data.space.encode(data.held_out[order[:count].to(data.held_out.device)])


def held_out_batch(data: Data, count: int, labelled: bool = False, binary: bool = False) -> Batch:
    """The same samples, with labels if requested; `binary` pixels are drawn with a fixed seed."""
    order = _held_out_order(data)[:count].to(data.held_out.device)
    x = data.space.encode(data.held_out[order])
    if binary:
        x = binarized(x.cpu(), generator(0)).to(x.device)
    if not labelled or data.labels is None or data.held_out_y is None:
        return Batch(x)
    return Batch(x, data.labels.encode(data.held_out_y[order]))


def _held_out_order(data: Data) -> torch.Tensor:
    """The fixed order of the held-out samples, those for selection first: (M,)."""
    return torch.randperm(len(data.held_out), generator=generator(0, len(data.held_out)))
