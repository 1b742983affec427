"""What is looked at while a run plays: samples of its averaged generator, from copies and generators of their own."""

import copy
import io
import json

import PIL.Image
import torch
from safetensors.torch import save
from torch import nn

from ..data import Data
from ..data.records import Labels
from ..training.observers import Snapshot
from ..training.run import Run
from .card import card
from .casting import game_traits, seen
from .conditions import seen as conditions_in
from .measuring import held_out, measure
from .model import Model
from .recipe import Recipe
from .sheets import side_by_side
from .stored import describe, reestimate

_SHEET, _POINTS = 64, 1024  # samples shown: pictures, points
_ROWS = 16  # classes that get a row each, at most


def look(run: Run, recipe: Recipe, data: Data) -> Snapshot:
    """A sheet of fixed latents, measures on held-out data, and the files of the model as it is now."""
    model = slow(run, recipe, data)
    metrics, count = measure(model, data, recipe.binarize)
    return Snapshot(sheet(model, data, recipe.seed), metrics, count, files(run, model, recipe, data))


def slow(run: Run, recipe: Recipe, data: Data) -> Model:
    """The averaged networks with batch statistics of their own, and the critic as it plays."""
    networks = {name: copy.deepcopy(network) for name, network in run.average.networks.items()}
    for name, network in run.game.networks.items():
        if name not in networks:
            networks[name] = copy.deepcopy(network).eval()
    conditions = conditions_in(data) if run.stream.labelled else None
    shown = seen(recipe, data)
    parts = nn.ModuleDict(networks), data.space, run.game.prior, data.labels, conditions
    model = Model(*parts, shown.packed, shown.views, shown.classes, game_traits(recipe).encoder_output)
    reestimate(model, run.stream.size, run.seed, lambda: run.stream)
    return model


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


def files(run: Run, model: Model, recipe: Recipe, data: Data) -> dict[str, bytes]:
    """The model folder: what `load` reads, and a card for people."""
    config = describe(recipe.networks, recipe.prior, model, recipe.likelihood)
    weights = {name: tensor.contiguous().cpu() for name, tensor in model.networks.state_dict().items()}
    return {
        "config.json": (json.dumps(config, indent=2) + "\n").encode(),
        "README.md": card(recipe, data, run.step).encode(),
        "weights.safetensors": save(weights),
    }
