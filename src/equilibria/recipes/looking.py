"""What is looked at while a run plays: samples of its averaged generator, from copies and generators of their own."""

import copy
import io
import json
from typing import Any

import PIL.Image
import torch
from safetensors.torch import save
from torch import nn

from ..core.posteriors import Gaussian
from ..core.randomness import generator, key
from ..core.types import Batch
from ..data import Data, Stream
from ..data.records import Labels
from ..data.stream import binarized
from ..evaluation.likelihood import bounds
from ..evaluation.metrics import METRICS
from ..games import READ
from ..training.average import reestimate
from ..training.observers import Look
from ..training.run import Run
from .card import card
from .casting import seen
from .conditions import seen as conditions_in
from .model import Model
from .recipe import Recipe
from .sheets import side_by_side
from .stored import describe

_SHEET, _POINTS = 64, 1024  # samples shown: pictures, points
_ROWS = 16  # classes that get a row each, at most
_MEASURED = 1024  # samples and held-out ones, at most
_AT_ONCE = 256  # held-out samples that a critic classifies
_LOOKED_AT = -2  # place of the latents that batch statistics are re-estimated from


def look(run: Run, recipe: Recipe, data: Data) -> Look:
    """A sheet of fixed latents, measures on held-out data, and the files of the model as it is now."""
    model = slow(run, recipe, data)
    metrics, count = measure(model, data, recipe.binarize)
    return Look(sheet(model, data, recipe.seed), metrics, count, files(run, model, recipe, data))


def slow(run: Run, recipe: Recipe, data: Data) -> Model:
    """The averaged networks with batch statistics of their own, and the critic as it plays."""
    networks = {name: copy.deepcopy(network) for name, network in run.average.networks.items()}
    for name, network in run.game.networks.items():
        if name not in networks:
            networks[name] = copy.deepcopy(network).eval()
    conditions = conditions_in(data) if run.stream.labelled else None
    shown = seen(recipe, data)
    parts = nn.ModuleDict(networks), data.space, run.game.prior, data.labels, conditions
    reads = READ.get(recipe.game["name"], "latents")
    model = Model(*parts, shown.packed, shown.views, shown.classes, reads)
    settle(model, run.stream.size, run.seed)
    settle_encoder(model, run.stream)
    settle_classes(model, run.stream)
    return model


def settle(model: Model, size: int, seed: int) -> None:
    """Give the generator batch statistics of its own, from batches of latents that are always the same."""
    if "generator" in model.networks:
        network = model.networks["generator"]
        reestimate(network, lambda i: network(*model.drawn(size, seed, _LOOKED_AT, i)))


def settle_encoder(model: Model, stream: Stream) -> None:
    """Give the encoder batch statistics of its own, from the first batches of the data."""
    if "encoder" in model.networks:
        network = model.networks["encoder"]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(key(stream.seed, _LOOKED_AT))
            reestimate(network, lambda i: network(*stream.batch(i)).mean)


def settle_classes(model: Model, stream: Stream) -> None:
    """Give a critic that tells classes batch statistics of its own, from the first batches of the data."""
    if model.classes:
        critic: Any = model.networks["critic"]
        reestimate(critic, lambda i: critic.classify(stream.batch(i).x))


def sheet(model: Model, data: Data, seed: int) -> bytes:
    """A PNG of the samples that the seed gives: of few classes a row each, from the same latents."""
    labels, buffer = model.labels, io.BytesIO()
    if model.conditions is not None and labels is not None and labels.kind == "class" and labels.size <= _ROWS:
        picture = _by_class(model, data, labels, seed)
    else:
        picture = _at_random(model, data, seed)
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _at_random(model: Model, data: Data, seed: int) -> PIL.Image.Image:
    """Points are shown over held-out ones."""
    points = len(data.space.shape) == 1
    count = _POINTS if points else _SHEET
    return data.space.sheet(model.sample(count, seed), real=held_out(data, count) if points else None)


def _by_class(model: Model, data: Data, labels: Labels, seed: int) -> PIL.Image.Image:
    """Each class beside its name; points are shown over held-out ones of the class."""
    points = len(data.space.shape) == 1
    count = _POINTS // labels.size if points else min(16, max(8, _SHEET // labels.size))
    drawn = [model.sample(count, seed, one) for one in torch.eye(labels.size)[:, None]]
    real = [held_out(data, count, place) for place in range(labels.size)] if points else None
    return side_by_side(data.space, drawn, labels.names, real)


def measure(model: Model, data: Data, binary: bool = False) -> tuple[dict[str, float], int]:
    """Distances between samples and held-out data, and how many of each were compared.

    Of a model that bounds the likelihood, first the bound on held-out data; of one that learned classes from few labels
    first the share of held-out samples that it mistakes.
    """
    real = held_out_batch(data, _MEASURED, model.conditions is not None, binary)
    fake = model.sample(len(real.x), seed=_LOOKED_AT).to(real.x.device)
    distances = {name: metric(real.x, fake) for name, metric in METRICS.items()}
    return _mistakes(model, data) | _likelihood(model, real) | distances, len(real.x)


@torch.no_grad()
def _mistakes(model: Model, data: Data) -> dict[str, float]:
    """The share of held-out samples whose class the critic mistakes, if it learned classes from few labels."""
    if not model.classes:
        return {}
    critic: Any = model.networks["critic"]
    x, y = held_out_batch(data, _MEASURED, labelled=True)
    said = torch.cat([critic.classify(part) for part in x.split(_AT_ONCE)])
    return {} if y is None else {"class_error": float((said.argmax(dim=1) != y.argmax(dim=1)).double().mean())}


@torch.no_grad()
def _likelihood(model: Model, real: Batch) -> dict[str, float]:
    """Bounds on the likelihood of samples, if the model has any: a likelihood, and an encoder that is uncertain."""
    if not {"likelihood", "encoder"} <= set(model.networks):
        return {}
    answer = model.networks["encoder"](real.x[:1], None if real.y is None else real.y[:1])
    return bounds(model.networks, model.prior, real) if isinstance(answer, Gaussian) else {}


def held_out(data: Data, count: int, place: int | None = None) -> torch.Tensor:
    """So many held-out samples, always the same, as networks see them: (at most count, *space.shape).

    Those of the class at `place` alone, if it is given.
    """
    chosen = _chosen(data)
    if place is not None and data.held_out_y is not None:
        chosen = chosen[data.held_out_y.cpu()[chosen] == place]
    return data.space.encode(data.held_out[chosen[:count].to(data.held_out.device)])


def held_out_batch(data: Data, count: int, labelled: bool = False, binary: bool = False) -> Batch:
    """The same samples with their labels if asked for; black or white, drawn once and for all, if they are `binary`."""
    chosen = _chosen(data)[:count].to(data.held_out.device)
    x = data.space.encode(data.held_out[chosen])
    if binary:
        x = binarized(x.cpu(), generator(0)).to(x.device)
    if not labelled or data.labels is None or data.held_out_y is None:
        return Batch(x)
    return Batch(x, data.labels.encode(data.held_out_y[chosen]))


def _chosen(data: Data) -> torch.Tensor:
    """The order in which held-out samples are looked at: (M,)."""
    return torch.randperm(len(data.held_out), generator=generator(0, len(data.held_out)))


def files(run: Run, model: Model, recipe: Recipe, data: Data) -> dict[str, bytes]:
    """The model folder: what `load` reads, and a card for people."""
    config = describe(recipe.networks, recipe.prior, model, recipe.likelihood)
    weights = {name: tensor.contiguous().cpu() for name, tensor in model.networks.state_dict().items()}
    return {
        "config.json": (json.dumps(config, indent=2) + "\n").encode(),
        "README.md": card(recipe, data, run.step).encode(),
        "weights.safetensors": save(weights),
    }
