"""A part of a model as weights, from which this library alone rebuilds it."""

import json
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save
from torch import Tensor

from ...core.errors import Refusal
from ...recipes.model import Model
from ...recipes.stored import DAMAGE, assembled, checked
from .faces import Face, face
from .plain import plain


def write(face: Face, given: tuple[Tensor, ...], facts: dict[str, str], path: Path) -> None:
    """Plain weights, with the facts beside them."""
    networks: Any = face.module.networks
    weights = {name: tensor.contiguous() for name, tensor in networks.state_dict().items()}
    path.write_bytes(save(weights, metadata=facts))


def read(path: Path) -> Face:
    """The part, rebuilt from the file alone."""
    model, part = _rebuilt(path)
    return face(model, part)


def rebuilt(path: str | Path) -> Model:
    """The part that a .safetensors file holds, as a model without the others. Raises Refusal if it holds none."""
    return _rebuilt(Path(path))[0]


def _rebuilt(path: Path) -> tuple[Model, str]:
    try:
        with safe_open(path, "pt") as file:
            facts = file.metadata() or {}
        config, part = checked(json.loads(facts["config"]), str(path)), facts["part"]
        with torch.random.fork_rng():
            model = assembled(config)
        networks = plain(model.networks)
        networks.load_state_dict(load_file(path))
    except Refusal:
        raise
    except DAMAGE as error:
        raise Refusal(f"{path} holds no part of a model that was exported here: {error}.") from None
    return Model(**vars(model) | {"networks": networks}), part
