"""The parts of a recipe: their catalogues, their options, and the help of each option."""

import dataclasses
import inspect
import re
import typing
from dataclasses import dataclass
from typing import Any

from ..core.catalogue import Catalogue, current_names, options, summary
from ..core.errors import Refusal, nearest
from ..core.priors import PRIORS
from ..core.specs import Spec, builder_of
from ..data import DATASETS
from ..data.resolve import data_builder
from ..games import GAMES
from ..games.critic_player import TURNS
from ..networks import NETWORKS
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import PENALTIES
from ..training.optimizers import DEFAULT, OPTIMIZERS, SCHEDULES
from ..training.update_rules import RULES
from .recipe import Recipe

OPTION_HELP = {  # of options that mean the same in every part; a docstring goes first
    "attention": "side of the feature map with self-attention, in pixels; 0: none",
    "activation": "relu, leaky_relu, silu, tanh or elu",
    "beta1": "Adam's beta1: decay of the mean gradient, per step",
    "beta2": "Adam's beta2: decay of the mean squared gradient, per step",
    "clip": "clip the critic's weights to [-clip, clip] after each step",
    "clip_norms": "also clip the scales of norm layers",
    "conditioning": "concat, embedding or film; for critics also projection and classifier; combine with +",
    "decay": "decay of the mean squared gradient, per step",
    "depth": "hidden layers",
    "end": "the last round's share of the learning rate",
    "eps": "added to the root of the mean squared gradient",
    "fake_code": "the critic's target score for samples (a)",
    "generator_code": "the generator's target score for samples (c)",
    "generator_loss": "exact (the divergence) or alternative (non-saturating; f-GAN, section 3.2)",
    "growth": "most channels, next to the seed, as a multiple of width",
    "hidden": "units of a fully connected layer in addition to the convolutions; 0: none",
    "initialization": "distribution of the initial weights",
    "lazy": "rounds between penalty computations (lazy regularization)",
    "lr": "learning rate",
    "minibatch_std": "group size of the minibatch standard deviation; 0: none",
    "momentum": "momentum",
    "n_critic": "critic steps per generator step",
    "norm": "none, batch, layer, instance, group, weight or spectral",
    "one_sided": "penalize only gradient norms above the target",
    "posterior": "gaussian (means and variances) or point",
    "power": "exponent of the gradient norm (p)",
    "real_code": "the critic's target score for data (b)",
    "recompute": "compute activations again in the backward pass: less memory, more time",
    "resizer": "interpolation of the pixels",
    "sampler": "where gradients are taken: between, real, fake or both",
    "skip_first_norm": "no norm after the first hidden layer",
    "target_norm": "target gradient norm",
    "upsample": "how feature maps double in size",
    "warmup": "rounds until the full learning rate, from 0",
    "weight": "penalty weight (lambda)",
    "width": "units or channels of a layer",
    "widths": "units of each hidden layer, instead of width and depth",
}
N_CRITIC = "game.n_critic"  # a number, or a part: a schedule of critic steps
SINGLE = {
    "data": DATASETS,
    "game": GAMES,
    "divergence": DIVERGENCES,
    "likelihood": LIKELIHOODS,
    "augmentation": AUGMENTATIONS,
    "prior": PRIORS,
    "rule": RULES,
    "schedule": SCHEDULES,
}
NUMBERS = {
    "batch": (int, "real samples per critic step"),
    "rounds": (int, "number of rounds; in one round every player takes its steps"),
    "halflife": (float, "half-life of the moving average of the generator's weights, in rounds"),
    "halflife_share": (float, "the most that the half-life is, as a share of the rounds so far"),
    "conditional": (bool, "the networks receive the labels of the data"),
    "labelled": (int, "number of labels for a critic that learns classes, the same number of each class"),
    "binarize": (bool, "draw black or white pixels in every batch, with gray values as probabilities of white"),
    "seed": (int, "seed of initial weights, data order and noise"),
}


@dataclass(frozen=True)
class Setting:
    """One value of a recipe that can be changed."""

    annotation: Any
    value: Any  # the recipe's, or the part's default; "auto": decided by the data
    help: str  # a clause, or empty
    is_part: bool = False  # the name of a part, not an option


def current(recipe: Recipe) -> Recipe:
    """The recipe with the current names of all options, whatever version wrote it."""
    changes: dict[str, Any] = {path: renamed(path, spec) for path in SINGLE if (spec := getattr(recipe, path))}
    if isinstance(schedule := recipe.game.get("n_critic"), dict):
        changes["game"] = {**changes["game"], "n_critic": renamed(N_CRITIC, schedule)}
    for group in ("networks", "penalties", "optimizers"):
        changes[group] = {key: renamed(f"{group}.{key}", spec) for key, spec in getattr(recipe, group).items()}
    return dataclasses.replace(recipe, **changes)


def renamed(path: str, spec: Spec) -> Spec:
    """The spec with the current names of its options. Raises Refusal if one is set by two names."""
    catalogue, name = catalogue_of(path), spec["name"]
    return current_names(catalogue[name], spec, path) if name in catalogue else spec


def settings(recipe: Recipe) -> dict[str, Setting]:
    """Everything that can be changed in a recipe, by its full path."""
    recipe = current(recipe)
    result = {name: Setting(kind, getattr(recipe, name), text) for name, (kind, text) in NUMBERS.items()}
    for path, (catalogue, spec) in parts(recipe).items():
        result[path] = Setting(str, spec["name"], _summary(catalogue, spec["name"]), is_part=True)
        for option, setting in known_options(catalogue, spec["name"]).items():
            if not isinstance(value := spec.get(option, setting.value), dict):
                result[f"{path}.{option}"] = dataclasses.replace(setting, value=value)
    return result


def parts(recipe: Recipe) -> dict[str, tuple[Catalogue, Spec]]:
    """Every part of a recipe by its full path: its catalogue and its spec."""
    specs = dict(dataclasses.replace(recipe, optimizers=optimizers(recipe)).specs())
    if isinstance(schedule := recipe.game.get("n_critic"), dict):
        specs[N_CRITIC] = schedule
    return {path: (catalogue_of(path), spec) for path, spec in specs.items()}


def catalogue_of(path: str) -> Catalogue:
    """The catalogue of the part at this path. Raises Refusal for a network without a role."""
    group, _, key = path.partition(".")
    if path == N_CRITIC:
        return TURNS
    if group == "networks":
        if key not in NETWORKS:
            raise Refusal(f"{path} is no role.{nearest(key, NETWORKS)}")
        return NETWORKS[key]
    return {"penalties": PENALTIES, "optimizers": OPTIMIZERS, **SINGLE}[group]


def optimizers(recipe: Recipe) -> dict[str, Spec]:
    """The optimizer of every player; Adam for networks without one in the recipe."""
    roles = {role for key in recipe.optimizers for role in key.split("+")}
    return dict(recipe.optimizers) | {role: {"name": DEFAULT} for role in recipe.networks if role not in roles}


def known_options(catalogue: Catalogue, name: str) -> dict[str, Setting]:
    """The options of a part with their defaults; of `auto`, those of all networks that it can stand for."""
    if catalogue is DATASETS:
        try:
            return options_of(data_builder(name))
        except Refusal:  # a path that does not exist yet
            return {}
    if name != "auto":
        return options_of(builder_of(catalogue, name))
    result: dict[str, Setting] = {}
    for builder in catalogue.values():
        for option, setting in options_of(builder).items():
            first = result.get(option, setting)
            result[option] = Setting(first.annotation | setting.annotation, "auto", first.help or setting.help)
    return result


def options_of(builder: Any) -> dict[str, Setting]:
    """The options of a builder: types, defaults and help."""
    hints, doc = typing.get_type_hints(builder), inspect.getdoc(builder) or ""
    return {
        option: Setting(hints.get(option, Any), parameter.default, option_help(option, doc))
        for option, parameter in options(builder).items()
    }


def option_help(option: str, doc: str) -> str:
    """The help of an option: what the docstring says after "`option` is", else the shared text."""
    match = re.search(rf"`{option}`\s+is\s+([^`]+?)(?:[.;](?=\s|$)|, (?=`)|\n\n|$)", doc)
    clause = " ".join(match[1].split()) if match else ""
    return clause if clause.count("(") == clause.count(")") and clause else OPTION_HELP.get(option, "")


def _summary(catalogue: Catalogue, name: str) -> str:
    """What a part is, in one sentence."""
    if name == "auto":
        return "What suits the data and the penalties"
    if catalogue is DATASETS and name not in DATASETS:
        return "Your own data"
    return summary(builder_of(catalogue, name))
