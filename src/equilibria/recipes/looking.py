"""What is looked at while a run plays: samples of its averaged generator, from copies and generators of their own."""

import copy
import io
import json

from safetensors.torch import save
from torch import nn

from ..data import Data
from ..training.observers import Snapshot
from ..training.run import Run
from .card import card
from .casting import game_traits, seen
from .conditions import seen as conditions_in
from .measuring import held_out, measure
from .model import Model
from .recipe import Recipe
from .sheets import sheet_of, side_by_side
from .stored import describe, reestimate


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
    """A PNG of the samples that the seed gives: of few classes a row each; points over held-out ones."""
    points, buffer = len(data.space.shape) == 1, io.BytesIO()
    count, conditions = sheet_of(model)
    if conditions is None or model.labels is None:
        picture = data.space.sheet(model.sample(count, seed), real=held_out(data, count) if points else None)
    else:
        drawn = [model.sample(count, seed, one) for one in conditions[:, None]]
        real = [held_out(data, count, place) for place in range(len(drawn))] if points else None
        picture = side_by_side(data.space, drawn, model.labels.names, real)
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def files(run: Run, model: Model, recipe: Recipe, data: Data) -> dict[str, bytes]:
    """The model folder: what `load` reads, and a card for people."""
    config = describe(recipe.networks, recipe.prior, model, recipe.likelihood)
    weights = {name: tensor.contiguous().cpu() for name, tensor in model.networks.state_dict().items()}
    return {
        "config.json": (json.dumps(config, indent=2) + "\n").encode(),
        "README.md": card(recipe, data, run.step).encode(),
        "weights.safetensors": save(weights),
    }
