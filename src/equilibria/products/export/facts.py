"""What an exported file says of itself."""

import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from .faces import Face

_VALUES = {
    "image": "pixels in [-1, 1], channels before rows before columns: 127.5 * (value + 1) gives 0 to 255",
    "plane": "points of the plane, in the units of the data",
}


def facts(face: Face, config: Mapping[str, Any], recipe: str, shapes: Mapping[str, Sequence[int]]) -> dict[str, str]:
    """By name, in text: what it is, what it was made by, what goes in and comes out, and the model's description."""
    described = _without_people(config) | {"networks": _of(face, config["networks"]), "likelihood": None}
    sizes = {name: ["batch", *shape] for name, shape in shapes.items()}
    return {
        "made_by": f"equilibria {importlib.metadata.version('equilibria')}",
        "part": face.part,
        "recipe": recipe,
        "values": values(config),
        "inputs": json.dumps({name: sizes[name] for name in face.inputs}),
        "outputs": json.dumps({name: sizes[name] for name in face.outputs}),
        **{name: json.dumps(config.get(name)) for name in ("space", "prior", "labels")},
        "config": json.dumps(described),
    }


def values(config: Mapping[str, Any]) -> str:
    """What the numbers of a sample are."""
    return _VALUES.get(config["space"]["name"], "numbers of the space that is described here")


def shapes(face: Face, given: Sequence[Tensor], answers: Sequence[Tensor]) -> dict[str, tuple[int, ...]]:
    """Of everything that goes in and comes out, without the batch."""
    named = zip((*face.inputs, *face.outputs), (*given, *answers), strict=True)
    return {name: tuple(tensor.shape[1:]) for name, tensor in named}


def _of(face: Face, specs: Mapping[str, Any]) -> dict[str, Any]:
    networks: Any = face.module.networks
    return {name: spec for name, spec in specs.items() if name in networks}


def _without_people(config: Mapping[str, Any]) -> dict[str, Any]:
    """Of attributes and numbers the model keeps rows of the training data; a file for other programs needs none."""
    told = config.get("conditions")
    if not told or "rows" not in told:
        return dict(config)
    return dict(config) | {"conditions": {"rows": [[0.0] * len(told["rows"][0])]}}
