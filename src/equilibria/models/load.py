"""Load a model: from a run folder, at a checkpoint, from the hub or from an exported file."""

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from ..core.errors import Refusal, as_refusal
from ..core.priors import PRIORS
from ..core.seeding import key
from ..core.specs import excerpt, make
from ..core.stored import parse_json
from ..data import Data, Stream
from ..data.spaces import SPACES
from ..networks.norms import batch_norms, reestimate_batchnorm
from ..recipes.build_networks import CriticInput, training_data
from ..recipes.recipe import Recipe
from ..records import checkpoints
from ..records.checkpoints import Checkpoint
from ..records.folder import RunFolder
from ..records.summary import data_change
from . import hub
from .conditions import load_conditions
from .export_programs import plain
from .model import Model
from .model_folder import (
    CONFIG,
    DAMAGE,
    FORMAT,
    WEIGHTS,
    Config,
    build,
    model_folder,
    read_config,
    read_labels,
    read_weights,
    refuse_code,
)

_SMALL = 1 << 20  # numbers: networks of this size are built in any case
_DIGITS = 18  # of a round
_STATISTICS = -2  # place of the draws that batch-norm statistics are estimated from


def load(
    folder: Any,
    checkpoint: str | int | None = None,
    data_root: str | Path | None = None,
    networks: Collection[str] | None = None,
    trust: bool = False,
    **parts: Any,
) -> Model:
    """The model of a run folder, or of a model folder, ready to use; nothing in the folder is executed.

    At a checkpoint, batch-norm statistics of the averaged networks are estimated anew: the generator's from latents,
    those of an encoder and a class head from the training data, which are read for that purpose only. Raises Refusal if
    there is no such model, or if data is needed and not found.

    Args:
        folder: The run folder, or the run that `eq.train` returned.
        checkpoint: best, last or a round; default: the model at the end of the run.
        data_root: Folder with the original files of data sets; default: the run's, or EQUILIBRIA_DATA.
        networks: Names of the networks to load, such as generator and prior; default: all.
        trust: Import custom code that the model names.
        parts: Functions and modules of your own that the model is built of, as in `eq.train`: generator=...

    Example:
        >>> eq.load("runs/digits", checkpoint="best").sample(2, labels=[0, 1]).shape
        torch.Size([2, 1, 8, 8])
    """
    path = model_folder(folder)
    config, whole = read_config(path), folder.model if getattr(folder, "to_model", None) else None
    if networks is not None:
        config["networks"] = {name: spec for name, spec in config["networks"].items() if name in networks}
        config["likelihood"] = config.get("likelihood") if "likelihood" in networks else None
    if whole is None:
        refuse_code(config, str(path / CONFIG), parts, trust)
    with as_refusal(f"The model in {path} is damaged or incomplete", *DAMAGE):
        weights = read_weights(path / WEIGHTS)
        model = replace(whole or build_model(config, weights), folder=path)
        if networks is not None:
            weights = {name: weight for name, weight in weights.items() if name.partition(".")[0] in networks}
            model = replace(model, networks=nn.ModuleDict({k: v for k, v in model.networks.items() if k in networks}))
        model.networks.load_state_dict(weights)
        model.networks.eval().requires_grad_(False)
    if checkpoint is not None:
        run = RunFolder(path.parent if path.name == "model" else path)
        recipe = Recipe.load(run.recipe_file, trust=True)  # custom code that it names is not called
        selection = select_checkpoint(run.path, str(checkpoint))
        load_checkpoint_weights(model, recipe, selection, lambda: _training_data(run, recipe, data_root))
    return model


def from_pretrained(name: str | Path, revision: str | None = None, token: str | None = None) -> Model:
    """The model in a folder, or of the hub as owner/name (needs the extra `hub`), optionally at a revision.

    Nothing is executed: weights are read by safetensors, and a description that names code is refused.

    Example:
        >>> eq.from_pretrained("runs/pairs").encode().mean.shape
        torch.Size([188, 64])
    """
    if not Path(name).is_dir():
        return load(hub.download(str(name), revision, token))
    if revision is not None:
        raise Refusal(f"{name} is a folder, which has no revisions: leave out revision={revision!r}.")
    return load(name)


def load_exported(path: str | Path) -> Model:
    """The network in an exported .safetensors file, as a model without the others. Raises Refusal for other files."""
    with as_refusal(f"{path} holds no exported network", *DAMAGE):
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {})["config"]
        config = refuse_code(parse_json(text, str(path), Config, FORMAT), str(path))
        weights = read_weights(Path(path))
        with torch.random.fork_rng():
            model = build_model(config, weights)
        networks = plain(model.networks)
        networks.load_state_dict(weights)
    return replace(model, networks=networks)


def build_model(config: Mapping[str, Any], weights: Mapping[str, Tensor] | None = None) -> Model:
    """The model that config.json describes, with initial weights. Raises one of DAMAGE if it is incomplete.

    Networks that are much larger than the weights that they are to load are not built.
    """
    space, prior = make(SPACES, config["space"], "space"), make(PRIORS, config["prior"], "prior")
    labels, described = read_labels(config), config.get("conditions")
    conditions = None if labels is None or described is None else load_conditions(described, labels)
    views, packed, classes = config.get("sees", "samples"), int(config.get("packed", 1)), int(config.get("classes", 0))
    critic_input, output = CriticInput(views, packed, classes), str(config.get("reads", "latents"))
    model = Model(nn.ModuleDict(), space, prior, labels, conditions, critic_input, output)
    if weights is not None:
        with torch.device("meta"):  # without memory
            size = sum(tensor.numel() for tensor in build(config, model).state_dict().values())
        if size > 2 * sum(tensor.numel() for tensor in weights.values()) + _SMALL:
            raise ValueError(f"it describes networks of {size:,} numbers, and its weights are far fewer")
    return replace(model, networks=build(config, model))


def select_checkpoint(folder: Path, name: str) -> Checkpoint:
    """The checkpoint "best", "last" or of a round. Raises Refusal if there is none."""
    if name not in ("best", "last"):
        if not name.isdecimal() or len(name) > _DIGITS:
            raise Refusal(f"checkpoint is {excerpt(name)}: it must be best, last, or the number of a round.")
        return checkpoints.at(folder, int(name))
    newest, _ = checkpoints.newest(folder)
    if newest is None:
        raise Refusal(f"{folder} has no checkpoints.")
    if name == "last" or newest.best is None:
        return newest
    return checkpoints.at(folder, newest.best["step"])


def load_checkpoint_weights(model: Model, recipe: Recipe, checkpoint: Checkpoint, data: Callable[[], Data]) -> None:
    """Load a checkpoint into a model: averaged weights where an average exists, batch-norm statistics anew."""
    average = {name.removeprefix("networks."): value for name, value in checkpoint.state["average"].items()}
    weights = checkpoint.state["networks"] | average
    model.networks.load_state_dict({name: weights[name] for name in model.networks.state_dict()})
    options = recipe.batch, recipe.seed, recipe.conditional, recipe.binarize
    reestimate(model, recipe.batch, recipe.seed, lambda: Stream(data(), *options))


def reestimate(model: Model, size: int, seed: int, stream: Callable[[], Stream]) -> None:
    """Estimate the batch-norm statistics of every averaged network, from the same batches each time.

    The generator's come from latents; those of an encoder, and of a critic that learned classes from few labels, from
    the first batches of the training data. `stream` is called only where such a network has batch norm.
    """
    networks: Any = model.networks
    if "generator" in networks:
        generator = networks["generator"]
        reestimate_batchnorm(generator, lambda i: generator(*model.draw_latents(size, seed, _STATISTICS, i)))
    averaged = ["encoder", "critic"] if model.critic_input.classes else ["encoder"]
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
    """The training data of a run. Raises Refusal if it is not found."""
    summary = run.summary()
    root = data_root or summary.get("data_root")
    try:
        scales = summary.get("data", {}).get("label_scales", [])
        data = training_data(recipe, Path(root) if root else None, scales)
    except Refusal as refusal:
        raise Refusal(
            f"The batch-norm statistics of a checkpoint's encoder or class head are estimated from the training data, "
            f"which is not found: {refusal} Leave out the checkpoint, or name the data's folder (--data-root)."
        ) from None
    if change := data_change(data, summary.get("data", {})):
        logging.getLogger(__name__).warning("%s", change)
    return data
