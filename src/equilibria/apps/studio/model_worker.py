"""The process that computes for the page: models, the doctor, the laboratory. A line of JSON in, a line of JSON out."""

import base64
import json
import os
import sys
from collections import OrderedDict
from collections.abc import Callable
from inspect import signature
from typing import Any

import torch

from ...core.errors import Failure, Refusal, first_line
from ...data import DATASETS
from ...data.inspect import check
from ...evaluation.doctor.report import doctor
from ...lab import experiment, run
from ...lab.record import Record
from ...lab.sheet import command
from ...models.load import load
from ...models.model import Model
from .runs import as_json

_MODELS = 2  # that are held
_MATTER = 12  # latent numbers with a slider


def main() -> None:
    """Answer requests until the input ends."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)  # what a library prints is no answer
    torch.set_num_threads(1)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        answers.write(as_json(answer(request.pop("op"), request)) + b"\n")


def answer(operation: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """The result of an operation, or the sentence of what went wrong."""
    try:
        return {"result": OPERATIONS[operation](**arguments)}
    except Refusal as refusal:
        return {"refusal": str(refusal)}
    except Failure as failure:
        return {"failure": str(failure)}
    except Exception as error:  # the page shows it, and the process goes on
        return {"failure": f"This is a bug: {type(error).__name__}: {first_line(error)}."}


def about(slug: str) -> dict[str, Any]:
    """Source, answer and settings of an experiment."""
    entry = experiment(slug)
    settings = [
        {
            "name": setting.name,
            "about": setting.about,
            "value": setting.quick,
            "choices": setting.choices,
            "low": setting.low,
            "high": setting.high,
            "whole": isinstance(setting.quick, int) and not isinstance(setting.quick, bool),
            "frames": setting.frames,
        }
        for setting in entry.settings
    ]
    return {"source": entry.source, "answer": entry.answer, "settings": settings}


def play(slug: str, settings: dict[str, Any]) -> dict[str, Any]:
    """Play an experiment; settings are text, as typed on the command line."""
    from ..flags import as_text

    defaults = {setting.name: as_text(setting.quick) for setting in experiment(slug).settings}
    return record_of(run(slug, **{name: value for name, value in settings.items() if defaults.get(name) != value}))


def record_of(record: Record) -> dict[str, Any]:
    """A record for the page."""
    return json.loads(record.to_json()) | {"command": command(record)}


def diagnose(path: str) -> dict[str, Any]:
    """What the doctor says of a run."""
    checkup = doctor(path)
    return checkup.to_dict() | {"summary": checkup.summary}


_models: OrderedDict[tuple[str, float], Model] = OrderedDict()


def _model(path: str) -> Model:
    """The model of a run as it is now; the last ones are held."""
    key = (path, os.stat(os.path.join(path, "model", "weights.safetensors")).st_mtime)
    if key not in _models:
        _models[key] = load(path)
        while len(_models) > _MODELS:
            _models.popitem(last=False)
    _models.move_to_end(key)
    return _models[key]


@torch.no_grad()
def describe(path: str) -> dict[str, Any]:
    """The latent of a model: its size, classes, and the numbers that change samples most."""
    model = _model(path)
    noise, y = model.draw_noise(8, (0, 0))
    before = model.generate(noise, y)
    effect = []
    for place in range(noise.shape[1]):
        moved = noise.clone()
        moved[:, place] += 1
        effect.append(float((model.generate(moved, y) - before).abs().mean()))
    order = sorted(range(len(effect)), key=lambda place: -effect[place])
    labels = model.labels if model.conditions is not None else None
    return {
        "size": noise.shape[1],
        "matter": order[:_MATTER],
        "classes": list(labels.names) if labels is not None and labels.kind == "class" else None,
        "shape": list(model.space.shape),
    }


@torch.no_grad()
def draw(
    path: str,
    seed: int,
    index: int,
    moved: dict[str, float],
    label: int | None = None,
    truncation: float | None = None,
    exact: bool = False,
) -> dict[str, Any]:
    """Sample `index` of a seed as pixels, with latent numbers moved.

    Exact: the sample that `equilibria sample` draws, bit for bit, if nothing is moved; else it is computed alone, which
    may differ in the last bits.
    """
    model = _model(path)
    if seed < 0 or index < 0:
        raise Refusal("seed and index are at least 0.")
    block, row = divmod(index, model.CHUNK)
    noise, y = model.draw_noise(model.CHUNK, (seed, block), truncation)
    if label is not None and y is not None and model.labels is not None:
        if not 0 <= label < len(model.labels.names):
            raise Refusal(f"label is {label}: the model has {len(model.labels.names)} classes, from 0 on.")
        y = model.conditions_of(str(model.labels.names[label])).expand(len(noise), -1).to(noise.device)
    for place, value in moved.items():
        if not place.isdecimal() or int(place) >= noise.shape[1]:
            raise Refusal(f"{place!r} is no latent number: there are {noise.shape[1]}, from 0 on.")
        noise[row, int(place)] = value
    if exact:
        x = model.generate(noise, y)[row : row + 1]
    else:
        z, condition = noise[row : row + 1], None if y is None else y[row : row + 1]
        x = model.networks["generator"](model.latents_of(z, condition), condition).float()
    if len(model.space.shape) != 3:
        return {"point": x[0].flatten().tolist(), "latent": noise[row].tolist()}
    pixels = model.space.decode(x)[0]
    return {
        "shape": list(pixels.shape),
        "pixels": base64.b64encode(pixels.tobytes()).decode(),
        "latent": noise[row].tolist(),
    }


def data_sets() -> list[dict[str, str]]:
    """The data that needs no path."""
    entries = (entry for entry in DATASETS.describe() if "path" not in signature(DATASETS[entry.name]).parameters)
    return [{"name": entry.name, "about": entry.summary} for entry in entries]


def look_at(data: str) -> list[str]:
    """What `equilibria data check` says of data."""
    return check({"name": data}).lines()


OPERATIONS: dict[str, Callable[..., Any]] = {
    "about": about,
    "data": data_sets,
    "check": look_at,
    "play": play,
    "diagnose": diagnose,
    "describe": describe,
    "draw": draw,
}

if __name__ == "__main__":
    main()
