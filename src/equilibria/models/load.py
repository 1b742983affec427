"""Model files: save, load, load at a checkpoint."""

import json
import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from ..core.errors import Refusal, check_format
from ..core.priors import PRIORS
from ..core.seeding import key
from ..core.specs import Spec, make
from ..data import Data, Stream, load_data
from ..data.dataset import KINDS, Labels
from ..data.spaces import SPACES
from ..networks.norms import batch_norms, reestimate_batchnorm
from ..recipes.build_networks import CriticInput, build_networks, likelihood_of
from ..recipes.recipe import Recipe
from ..records import checkpoints
from ..records.checkpoints import Checkpoint
from ..records.folder import RunFolder
from ..records.summary import fingerprint
from .conditions import rebuilt
from .sampler import UNCONDITIONAL, Sampler

FORMAT = 1
_STATISTICS = -2  # place of what batch-norm statistics are estimated from
DAMAGE = (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError)


def load_sampler(
    folder: str | Path,
    checkpoint: str | int | None = None,
    data_root: str | Path | None = None,
    networks: Collection[str] | None = None,
) -> Sampler:
    """The model of a run folder (or of its `model` folder), ready to `sample`; nothing in it is executed.

    A conditional model takes labels: `load("runs/NAME").sample(64, labels=7)`. A checkpoint's averaged networks get
    batch-norm statistics of their own, by the rule of the model at the end of a run: the generator's come from latents,
    those of an encoder and a class head from the training data. The data are opened for that alone. Raises Refusal if
    there is no such model, or if data are needed and not found.

    Args:
        folder: the run folder.
        checkpoint: best, last or a round; default: the model at the end of the run.
        data_root: folder with the original files of data sets; default: the run's, or EQUILIBRIA_DATA.
        networks: names of the networks to load, such as generator and prior; default: all.
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
    if networks is not None:
        model = replace(model, networks=nn.ModuleDict({k: v for k, v in model.networks.items() if k in networks}))
    if checkpoint is not None:
        run = RunFolder(place.parent if place.name == "model" else place)
        recipe = Recipe.load(run.recipe_file, trust=True)  # code that it names is not called: nothing of it is built
        chosen = select_checkpoint(run.path, str(checkpoint))
        load_checkpoint_weights(model, recipe, chosen, lambda: _training_data(run, recipe, data_root))
    return replace(model, place=place)


def select_checkpoint(folder: Path, which: str) -> Checkpoint:
    """The checkpoint "best", "last" or of a round. Raises Refusal for one that is not kept."""
    if which not in ("best", "last"):
        if not which.isdecimal():
            raise Refusal(f"checkpoint is {which!r}: it must be best, last, or the number of a round.")
        return checkpoints.at(folder, int(which))
    newest, _ = checkpoints.newest(folder)
    if newest is None:
        raise Refusal(f"{folder} keeps no checkpoints.")
    if which == "last" or newest.best is None:
        return newest
    return checkpoints.at(folder, newest.best["step"])


def load_checkpoint_weights(model: Sampler, recipe: Recipe, checkpoint: Checkpoint, data: Callable[[], Data]) -> None:
    """Set a model to a checkpoint: averaged weights where an average is kept, batch-norm statistics of their own."""
    average = {name.removeprefix("networks."): value for name, value in checkpoint.state["average"].items()}
    weights = checkpoint.state["networks"] | average
    model.networks.load_state_dict({name: weights[name] for name in model.networks.state_dict()})
    options = recipe.batch, recipe.seed, recipe.conditional, recipe.binarize
    reestimate(model, recipe.batch, recipe.seed, lambda: Stream(data(), *options))


def reestimate(model: Sampler, size: int, seed: int, stream: Callable[[], Stream]) -> None:
    """Estimate the batch-norm statistics of every averaged network, from batches that are always the same.

    The generator's come from latents; those of an encoder, and of a critic that learned classes from few labels, from
    the first batches of the training data. `stream` is called only where such a network has batch norm.
    """
    networks: Any = model.networks
    if "generator" in networks:
        generator = networks["generator"]
        reestimate_batchnorm(generator, lambda i: generator(*model.drawn(size, seed, _STATISTICS, i)))
    averaged = ["encoder", "critic"] if model.classes else ["encoder"]
    if not (rest := [name for name in averaged if name in networks and batch_norms(networks[name])]):
        return
    batch = stream().batch
    forward = {
        "encoder": lambda i: networks["encoder"](*batch(i)).mean,
        "critic": lambda i: networks["critic"].classify(batch(i).x),
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(key(seed, _STATISTICS))
        for name in rest:
            reestimate_batchnorm(networks[name], forward[name])


def _training_data(run: RunFolder, recipe: Recipe, data_root: str | Path | None) -> Data:
    """The data of a run. Raises Refusal if they are not found."""
    summary = run.summary()
    root = data_root or summary.get("data_root")
    try:
        data = load_data(recipe.data, Path(root) if root else None)
    except Refusal as refusal:
        raise Refusal(
            f"The batch-norm statistics of a checkpoint's encoder or class head are estimated from the training data, "
            f"and these are not found: {refusal} Leave out the checkpoint, or give their folder (--data-root)."
        ) from None
    if fingerprint(data) != summary.get("data"):
        logging.getLogger(__name__).warning("The data %r have changed since the run was trained.", data.name)
    return data


def assembled(config: Mapping[str, Any]) -> Sampler:
    """The model that config.json describes, with weights yet to be loaded. Raises one of DAMAGE if it is incomplete."""
    space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
    labels = _labels(config)
    told = config.get("conditions")
    conditions = None if labels is None or told is None else rebuilt(told, labels)
    width = labels.size if labels is not None and conditions is not None else 0
    seen = CriticInput(config.get("sees", "samples"), int(config.get("packed", 1)), int(config.get("classes", 0)))
    networks = nn.ModuleDict(build_networks(config["networks"], space, prior, width, seen))
    if config.get("likelihood") is not None:
        networks["likelihood"] = likelihood_of(config["likelihood"], space)
    networks.eval().requires_grad_(False)
    reads = str(config.get("reads", "latents"))
    return Sampler(networks, space, prior, labels, conditions, seen.packed, seen.views, seen.classes, reads)


def damaged(place: Path, error: Exception) -> Refusal:
    """The sentence for a model that cannot be read whole."""
    reason = str(error).strip().splitlines()[0] if str(error) else type(error).__name__
    return Refusal(f"The model in {place} is damaged or incomplete: {reason}")


def describe(networks: dict[str, Spec], prior: Spec, model: Sampler, likelihood: Spec | None = None) -> dict[str, Any]:
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
