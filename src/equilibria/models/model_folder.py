"""The files of a model folder: config.json describes the model, recipe.json and events.jsonl its run."""

import hashlib
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.specs import PYTHON, Own, Spec
from ..core.stored import read_json
from ..data.dataset import KINDS, Labels, Scale
from ..recipes.build_networks import build_networks, likelihood_of
from ..records.events import read_lines
from ..records.folder import EVENTS, RECIPE
from ..records.schemas import Part

if TYPE_CHECKING:
    from .model import Model

FORMAT = 1
DAMAGE = (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError)
CONFIG, WEIGHTS, CARD, METRICS = "config.json", "weights.safetensors", "README.md", "metrics.json"


def model_folder(run: str | PathLike[str]) -> Path:
    """The model folder of a run, or the folder itself where it has none."""
    return Path(run) / "model" if (Path(run) / "model").is_dir() else Path(run)


def read_config(folder: Path | None) -> dict[str, Any]:
    """The contents of config.json, which may name code: `refuse_code` comes before a part is built.

    Raises Refusal if there is none.
    """
    if folder is None:
        raise Refusal("This model was built by hand: only one that eq.load returns has the config.json to rebuild it.")
    path = folder / CONFIG
    if not path.exists():
        raise Refusal(f"There is no model in {folder}: give the folder of a run, such as runs/NAME.")
    return read_json(path, Config, FORMAT)


def refuse_code(
    config: dict[str, Any], where: str, own: Mapping[str, Any] | None = None, trust: bool = False
) -> dict[str, Any]:
    """The same description, with a user's own parts. Raises Refusal if it names other code, and that is not trusted."""
    named = {"space": config["space"], "likelihood": config.get("likelihood") or {}, **config["networks"]}
    code = {name: spec for name, spec in [*named.items(), ("prior", config["prior"])] if ":" in spec.get("name", "")}
    for name, part in (own or {}).items():
        if name not in code:
            raise Refusal(f"{name} is no part of your own in the model of {where}: leave it out.")
        code[name]["name"] = Own(part, code[name]["name"])
    missing = {name: spec["name"] for name, spec in code.items() if not isinstance(spec["name"], Own)}
    call = f"pass it in Python, as in eq.load(RUN, {', '.join(f'{name}=...' for name in missing)})"
    if own_only := [name.removeprefix(PYTHON) for name in missing.values() if name.startswith(PYTHON)]:
        raise Refusal(
            f"The model of {where} has a part of your own, {' and '.join(own_only)}, that no file stores: {call}. A "
            "command finds it only if it is a function or class of a module, such as my_module.py, at training."
        )
    if missing and not trust:
        raise Refusal(
            f"The model of {where} uses custom code ({', '.join(missing.values())}), which a stored file may not name: "
            f"add --trust if it is yours, or {call}."
        )
    return config


class _Labels(TypedDict):
    kind: str
    names: list[str]
    scales: NotRequired[list[list[float]]]


class Config(TypedDict):
    """The types of config.json; what may be missing is so in files of earlier versions."""

    space: Part
    prior: Part
    networks: dict[str, Part]
    format: NotRequired[int]
    labels: NotRequired[_Labels | None]
    conditions: NotRequired[dict[str, Any] | None]
    packed: NotRequired[int]
    sees: NotRequired[str]
    reads: NotRequired[str]
    classes: NotRequired[int]
    likelihood: NotRequired[Part | None]


def weights_metadata(weights: Mapping[str, Tensor]) -> dict[str, str]:
    """The metadata of a weights file: a digest of the names, types, shapes and values."""
    total = hashlib.blake2b(digest_size=16)
    for name, tensor in sorted(weights.items()):
        total.update(f"{name} {tensor.dtype} {tuple(tensor.shape)} ".encode())
        total.update(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return {"blake2b": total.hexdigest()}


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a weights file. Raises one of DAMAGE, ValueError if the digest is another."""
    with safe_open(path, "pt") as file:
        metadata, weights = file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    if "blake2b" in metadata and metadata["blake2b"] != weights_metadata(weights)["blake2b"]:
        raise ValueError(f"{path.name} does not hold what was written")
    return weights


def describe(networks: dict[str, Spec], prior: Spec, model: "Model", likelihood: Spec | None = None) -> dict[str, Any]:
    """The contents of config.json for a model of these parts."""
    labels, conditions, critic_input = model.labels, model.conditions, model.critic_input
    return {
        "format": FORMAT,
        "space": model.space.describe(),
        "prior": prior,
        "networks": networks,
        "labels": None if labels is None else labels.describe(),
        "conditions": None if labels is None or conditions is None else conditions.describe(labels),
        "packed": critic_input.packed,
        "sees": critic_input.views,
        "classes": critic_input.classes,
        "reads": model.encoder_output,
        "likelihood": likelihood,
    }


def build(config: Mapping[str, Any], model: "Model") -> nn.ModuleDict:
    """The networks that config.json describes, with initial weights, for the space and the prior of this model."""
    parts = model.space, model.prior, model.condition_size, model.critic_input
    networks = nn.ModuleDict(build_networks(config["networks"], *parts))
    if config.get("likelihood") is not None:
        networks["likelihood"] = likelihood_of(config["likelihood"], model.space)
    return networks.eval().requires_grad_(False)


def read_labels(config: Mapping[str, Any]) -> Labels | None:
    """The labels in a model's description. Raises Refusal for others than `describe` writes."""
    if (labels := config.get("labels")) is None:
        return None
    if labels["kind"] not in KINDS:
        raise Refusal(f"The labels in a model's config.json are {labels!r}: their kind must be {', '.join(KINDS)}.")
    scales = labels.get("scales", [])
    right = all(len(scale) == len(Scale._fields) and scale[1] > 0 for scale in scales)
    if not right or len(scales) not in (0, len(labels["names"])):
        raise Refusal(f"The labels in a model's config.json are {labels!r}: each needs {', '.join(Scale._fields)}.")
    return Labels(labels["kind"], tuple(labels["names"]), tuple(Scale(*scale) for scale in scales))


def find_file(folder: Path | None, name: str) -> Path | None:
    """A file in the model folder, or in the folder of its run; None where there is none."""
    folders = [] if folder is None else [folder, folder.parent] if folder.name == "model" else [folder]
    return next((each / name for each in folders if (each / name).is_file()), None)


def recipe_file(folder: Path | None) -> Path | None:
    """The recipe of the run; None where there is none."""
    return find_file(folder, RECIPE)


def read_recipe(folder: Path | None) -> dict[str, Any]:
    """The recipe as it is stored; empty where there is none that can be read."""
    path = recipe_file(folder)
    try:
        return read_json(path) if path else {}
    except Refusal:
        return {}


def read_data_spec(folder: Path | None) -> dict[str, Any]:
    """The description of the training data, {"name": ..., **options}. Raises Refusal where there is none."""
    if not (spec := data_spec(folder)):
        raise Refusal("This model does not record its training data: name the samples, by a path or a data set's name.")
    return spec


def data_spec(folder: Path | None) -> dict[str, Any]:
    """The same; empty where there is none."""
    spec = read_recipe(folder).get("data")
    return spec if isinstance(spec, dict) else {}


def recorded_parts(folder: Path | None) -> dict[str, Any]:
    """What the run recorded of custom parts, by their place in the recipe; empty where it recorded nothing."""
    path = find_file(folder, EVENTS)
    start = next((line for line in read_lines(path) if line.get("kind") == "start"), {}) if path else {}
    parts = start.get("parts")
    return parts if isinstance(parts, dict) else {}


def last_metrics(folder: Path | None) -> dict[str, Any]:
    """The last metrics of the run: {"step": ..., "metrics": {...}, "count": ...}; empty where there are none."""
    path = find_file(folder, EVENTS) or find_file(folder, METRICS)
    lines = [line for line in read_lines(path) if isinstance(line.get("metrics"), dict)] if path else []
    return {key: lines[-1][key] for key in ("step", "metrics", "split", "count")} if lines else {}
