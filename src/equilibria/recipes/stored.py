"""A model as files: what is written beside its weights, and loading, which executes nothing and touches no data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..core.errors import Refusal
from ..core.priors import PRIORS
from ..data.records import KINDS, Labels
from ..data.spaces import SPACES
from .casting import build_networks
from .conditions import rebuilt
from .model import UNCONDITIONAL, Model
from .parts import Spec, make
from .recipe import check_format

FORMAT = 1


def load(folder: str | Path) -> Model:
    """The model of a run folder (or of its `model` folder), ready to `sample`. Raises Refusal if there is none.

    A conditional one can be asked for labels: `load("runs/NAME").sample(64, labels=7)`.
    """
    place = placed(folder)
    config = _config(place)
    try:
        space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
        labels = _labels(config)
        told = config.get("conditions")
        conditions = None if labels is None or told is None else rebuilt(told, labels)
        width = labels.size if labels is not None and conditions is not None else 0
        packed = int(config.get("packed", 1))
        networks = nn.ModuleDict(build_networks(config["networks"], space, prior, width, packed))
        networks.load_state_dict(load_file(place / "weights.safetensors"))
    except Refusal:
        raise
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
        raise Refusal(f"The model in {place} is damaged or incomplete: {reason}") from None
    return Model(networks.eval().requires_grad_(False), space, prior, labels, conditions, packed)


def describe(networks: dict[str, Spec], prior: Spec, model: Model) -> dict[str, Any]:
    """What `load` reads: the contents of config.json, of a model made of these networks and this prior."""
    labels, conditions = model.labels, model.conditions
    return {
        "format": FORMAT,
        "space": model.space.describe(),
        "prior": prior,
        "networks": networks,
        "labels": None if labels is None else {"kind": labels.kind, "names": list(labels.names)},
        "conditions": None if labels is None or conditions is None else conditions.describe(labels),
        "packed": model.packed,
    }


def labels_of(folder: str | Path) -> Labels:
    """What can be asked of the model in a run folder, without its weights. Raises Refusal if nothing can."""
    config = _config(placed(folder))
    labels = _labels(config)
    if labels is None or config.get("conditions") is None:
        raise Refusal(UNCONDITIONAL)
    return labels


def placed(folder: str | Path) -> Path:
    """Where the model of a run lies."""
    return Path(folder) / "model" if (Path(folder) / "model").is_dir() else Path(folder)


def _labels(config: Mapping[str, Any]) -> Labels | None:
    known = config.get("labels")
    if known is None:
        return None
    if not isinstance(known, Mapping) or known.get("kind") not in KINDS or not isinstance(known.get("names"), list):
        raise Refusal(f"The labels in a model's config.json are {known!r}: a kind ({', '.join(KINDS)}) and names.")
    return Labels(known["kind"], tuple(map(str, known["names"])))


def _config(place: Path) -> dict[str, Any]:
    try:
        config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"There is no model in {place}: give the folder of a run, such as runs/NAME.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refusal(f"{place / 'config.json'} cannot be read: {error}.") from None
    check_format(config, FORMAT, str(place / "config.json"))
    for spec in (config.get("space", {}), config.get("prior", {}), *config.get("networks", {}).values()):
        if ":" in str(spec.get("name", "")):
            raise Refusal(
                f"The model in {place} was made with code of its author's own ({spec['name']!r}), which a stored file "
                f"may not name: build that network yourself and load weights.safetensors into it."
            )
    return config
