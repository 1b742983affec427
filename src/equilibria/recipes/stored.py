"""A model as files: what is written beside its weights, and loading, which executes nothing and touches no data."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..core.errors import Refusal, check_format
from ..core.priors import PRIORS
from ..data.records import KINDS, Labels
from ..data.spaces import SPACES
from .casting import Seen, build_networks
from .composing import likelihood_of
from .conditions import rebuilt
from .model import UNCONDITIONAL, Model
from .parts import Spec, make

FORMAT = 1
DAMAGE = (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError)


def load(folder: str | Path) -> Model:
    """The model of a run folder (or of its `model` folder), ready to `sample`. Raises Refusal if there is none.

    A conditional one can be asked for labels: `load("runs/NAME").sample(64, labels=7)`.
    """
    place = placed(folder)
    config = config_of(place)
    try:
        model = assembled(config)
        model.networks.load_state_dict(load_file(place / "weights.safetensors"))
    except Refusal:
        raise
    except DAMAGE as error:
        raise damaged(place, error) from None
    return model


def assembled(config: Mapping[str, Any]) -> Model:
    """The model that config.json describes, with weights yet to be loaded. Raises one of DAMAGE if it is incomplete."""
    space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
    labels = _labels(config)
    told = config.get("conditions")
    conditions = None if labels is None or told is None else rebuilt(told, labels)
    width = labels.size if labels is not None and conditions is not None else 0
    seen = Seen(config.get("sees", "samples"), int(config.get("packed", 1)), int(config.get("classes", 0)))
    networks = nn.ModuleDict(build_networks(config["networks"], space, prior, width, seen))
    if config.get("likelihood") is not None:
        networks["likelihood"] = likelihood_of(config["likelihood"], space)
    networks.eval().requires_grad_(False)
    reads = str(config.get("reads", "latents"))
    return Model(networks, space, prior, labels, conditions, seen.packed, seen.views, seen.classes, reads)


def damaged(place: Path, error: Exception) -> Refusal:
    """The sentence for a model that cannot be read whole."""
    reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    return Refusal(f"The model in {place} is damaged or incomplete: {reason}")


def describe(networks: dict[str, Spec], prior: Spec, model: Model, likelihood: Spec | None = None) -> dict[str, Any]:
    """What `load` reads: the contents of config.json, of a model made of these parts."""
    labels, conditions = model.labels, model.conditions
    return {
        "format": FORMAT,
        "space": model.space.describe(),
        "prior": prior,
        "networks": networks,
        "labels": None if labels is None else {"kind": labels.kind, "names": list(labels.names)},
        "conditions": None if labels is None or conditions is None else conditions.describe(labels),
        "packed": model.packed,
        "sees": model.sees,
        "reads": model.reads,
        "classes": model.classes,
        "likelihood": likelihood,
    }


def labels_of(folder: str | Path) -> Labels:
    """What can be asked of the model in a run folder, without its weights. Raises Refusal if nothing can."""
    config = config_of(placed(folder))
    labels = _labels(config)
    if labels is None or config.get("conditions") is None:
        raise Refusal(UNCONDITIONAL)
    return labels


def placed(folder: str | Path) -> Path:
    """Where the model of a run lies."""
    return Path(folder) / "model" if (Path(folder) / "model").is_dir() else Path(folder)


def config_of(place: Path) -> dict[str, Any]:
    """The contents of config.json. Raises Refusal if there is none, or one that names code."""
    try:
        config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise Refusal(f"There is no model in {place}: give the folder of a run, such as runs/NAME.") from None
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise Refusal(f"{place / 'config.json'} cannot be read: {error}.") from None
    return checked(config, str(place / "config.json"))


def checked(config: Any, where: str) -> dict[str, Any]:
    """The same description of a model. Raises Refusal if it is none, or names code, or a newer version wrote it."""
    described = isinstance(config, dict) and isinstance(config.get("networks", {}), dict)
    specs = (
        [*(config.get(part) or {} for part in ("space", "prior", "likelihood")), *config.get("networks", {}).values()]
        if described
        else []
    )
    if not described or not all(isinstance(spec, dict) for spec in specs):
        raise Refusal(f"{where} describes no model: its networks, prior and space are expected.")
    check_format(config, FORMAT, where)
    for spec in specs:
        if ":" in str(spec.get("name", "")):
            raise Refusal(
                f"The model of {where} was made with code of its author's own ({spec['name']!r}), which a stored file "
                f"may not name: build that network yourself and load weights.safetensors into it."
            )
    return config


def _labels(config: Mapping[str, Any]) -> Labels | None:
    known = config.get("labels")
    if known is None:
        return None
    if not isinstance(known, Mapping) or known.get("kind") not in KINDS or not isinstance(known.get("names"), list):
        raise Refusal(f"The labels in a model's config.json are {known!r}: a kind ({', '.join(KINDS)}) and names.")
    return Labels(known["kind"], tuple(map(str, known["names"])))
