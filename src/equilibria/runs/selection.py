"""What is measured of a model on held-out data during training, and the samples it is measured on."""

import statistics
from typing import Any

import torch

from ..core.errors import Refusal
from ..core.posteriors import Gaussian
from ..core.seeding import generator
from ..core.types import Batch
from ..data import Data
from ..data.batches import binarized
from ..evaluation.metrics.likelihood import bounds
from ..evaluation.metrics.wasserstein import sliced_wasserstein
from ..models.sampler import Sampler

_SELECTION = 1024  # held-out samples that a run is measured on during training, at most
_DRAWS, _DIRECTIONS = 8, 64  # that tell how far distances scatter
_AT_ONCE = 256  # held-out samples that a critic classifies
_MEASURED = -2  # the seed of the samples that are measured


def measure(model: Sampler, data: Data, binary: bool = False) -> tuple[dict[str, float], int]:
    """Distances between samples and the held-out ones to select by, and how many of each were compared.

    Of a model that bounds the likelihood, first the bound on held-out data; of one that learned classes from few labels
    first the share of held-out samples that it mistakes.
    """
    real = held_out_batch(data, len(selection(data)), model.conditions is not None, binary)
    fake = model.sample(len(real.x), seed=_MEASURED).to(real.x.device)
    distances = {"sliced_wasserstein": sliced_wasserstein(real.x, fake)}
    return _mistakes(model, data) | _likelihood(model, real) | distances, len(real.x)


def chance(data: Data, binary: bool = False) -> dict[str, float]:
    """By how much a measure of real samples themselves differs from draw to draw: what is less is no difference.

    The standard deviation of the distances of as many training samples, drawn several times, from the held-out ones.
    Likelihoods and mistakes are of the same samples every time, and do not differ.
    """
    real = held_out_batch(data, len(selection(data)), binary=binary).x
    distances = []
    for i in range(_DRAWS):
        draw = generator(i, len(real))
        x = data.space.encode(data.x[torch.randperm(len(data.x), generator=draw)[: len(real)].to(data.x.device)])
        other = binarized(x.cpu(), draw).to(real.device) if binary else x.to(real.device)
        distances.append(sliced_wasserstein(real, other, _DIRECTIONS))
    return {"sliced_wasserstein": statistics.stdev(distances)}


@torch.no_grad()
def _mistakes(model: Sampler, data: Data) -> dict[str, float]:
    """The share of held-out samples whose class the critic mistakes, if it learned classes from few labels."""
    if not model.classes:
        return {}
    critic: Any = model.networks["critic"]
    x, y = held_out_batch(data, len(selection(data)), labelled=True)
    said = torch.cat([critic.classify(part) for part in x.split(_AT_ONCE)])
    return {} if y is None else {"class_error": float((said.argmax(dim=1) != y.argmax(dim=1)).double().mean())}


@torch.no_grad()
def _likelihood(model: Sampler, real: Batch) -> dict[str, float]:
    """Bounds on the likelihood of samples, if the model has any: a likelihood, and an encoder that is uncertain."""
    if not {"likelihood", "encoder"} <= set(model.networks):
        return {}
    answer = model.networks["encoder"](real.x[:1], None if real.y is None else real.y[:1])
    return bounds(model.networks, model.prior, real) if isinstance(answer, Gaussian) else {}


def selection(data: Data) -> torch.Tensor:
    """Places of the held-out samples that decide which checkpoint is the best: (n,) int64."""
    order = _held_out_order(data)
    return order[: max(1, min(_SELECTION, len(order) // 2))]


def reporting(data: Data) -> torch.Tensor:
    """Places of all other held-out samples, on which a finished model is reported: (M - n,) int64.

    Raises Refusal where a single sample is held out: it is selected by.
    """
    order = _held_out_order(data)
    if len(order) < 2:
        raise Refusal(f"Of {data.name} one sample is held out, which runs are measured on: none is left to report on.")
    return order[len(selection(data)) :]


def held_out(data: Data, count: int, place: int | None = None) -> torch.Tensor:
    """So many held-out samples, always the same, as networks see them: (at most count, *space.shape).

    Those of the class at `place` alone, if it is given.
    """
    order = _held_out_order(data)
    if place is not None and data.held_out_y is not None:
        order = order[data.held_out_y.cpu()[order] == place]
    return data.space.encode(data.held_out[order[:count].to(data.held_out.device)])


def held_out_batch(data: Data, count: int, labelled: bool = False, binary: bool = False) -> Batch:
    """The same samples with their labels if asked for; black or white, drawn once and for all, if they are `binary`."""
    order = _held_out_order(data)[:count].to(data.held_out.device)
    x = data.space.encode(data.held_out[order])
    if binary:
        x = binarized(x.cpu(), generator(0)).to(x.device)
    if not labelled or data.labels is None or data.held_out_y is None:
        return Batch(x)
    return Batch(x, data.labels.encode(data.held_out_y[order]))


def _held_out_order(data: Data) -> torch.Tensor:
    """The order in which held-out samples are used, those to select by first: (M,)."""
    return torch.randperm(len(data.held_out), generator=generator(0, len(data.held_out)))
