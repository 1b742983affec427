"""The parts of a recipe: which there are, their options, and what each option means."""

import dataclasses
import inspect
import re
import typing
from dataclasses import dataclass
from typing import Any

from ..core.catalogue import Catalogue, options, summary
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

SHARED = {
    "activation": "the bend between layers: relu, leaky_relu, silu, tanh, elu",
    "beta1": "memory of the gradient, per step",
    "beta2": "memory of the squared gradient, per step",
    "burst": "moves in a round of a burst",
    "channels": "1 for grey, 3 for colour",
    "classes": "how many",
    "clip": "bounds the critic's weights after each move",
    "clip_norms": "clip the scales of norm layers too",
    "conditioning": "how labels are told: concat, embedding, film; critics too: projection, classifier; joined by +",
    "count": "how many training samples to draw",
    "decay": "memory of the squared gradient, per step",
    "depth": "hidden layers",
    "end": "the last round's share of the learning rate",
    "eps": "keeps the division by the gradient's size finite",
    "every": "rounds from one later burst to the next",
    "fake_code": "the score that the critic wants for samples",
    "first": "rounds of the burst at the beginning",
    "fit": "crop, or pad",
    "generator_code": "the score that the generator wants for samples",
    "generator_loss": "exact (the divergence itself) or alternative (scores of samples up; f-GAN, section 3.2)",
    "hidden": "units of a fully connected layer beside the convolutions, 0 for none",
    "image": "the column of the images",
    "initialization": "where the weights start",
    "label": "the column of the labels",
    "labels": "the name of the array of labels in an .npz",
    "lazy": "rounds from one payment of the penalties to the next",
    "lr": "the learning rate: the size of a step",
    "minibatch_std": "samples in a group whose deviation the critic sees, 0 for none",
    "modes": "how many",
    "momentum": "memory of earlier steps",
    "n_critic": "moves of the critic to one of the others",
    "noise": "the deviation around the spiral",
    "norm": "none, batch, layer, instance, group, weight or spectral",
    "one_sided": "only slopes above the wanted one pay",
    "parts": "the priors side by side, as JSON",
    "posterior": "what an encoder answers: gaussian (means and variances) or point",
    "power": "of the slope, in the price",
    "real_code": "the score that the critic wants for data",
    "resizer": "how pixels are averaged or interpolated",
    "sampler": "where slopes are measured: between, real, fake or both",
    "samples": "the name of the array of samples in an .npz",
    "side": "modes in a row",
    "size": "pixels a side",
    "skip_first_norm": "no norm after the first hidden layer",
    "slope": "the slope that costs nothing",
    "split": "the part of the set that is taken",
    "spread": "the deviation around each mode",
    "theta": "where the line is",
    "turns": "moves in a round",
    "upsample": "how a map grows to twice its size",
    "usual": "moves in all other rounds",
    "warmup": "rounds over which the rate is reached, from 0",
    "weight": "the price of a violation, lambda",
    "width": "units or channels of a layer",
    "widths": "units of each hidden layer, instead of width and depth",
}


def meaning(option: str, doc: str) -> str:
    """What a docstring says of the `option`, in backticks, else what the word means everywhere."""
    said = re.search(rf"`{option}`([^`]+?)(?:[.;](?=\s|$)|, (?=`)|\n\n|$)", doc)
    clause = " ".join(said[1].split()).removeprefix("is ") if said else ""
    whole = len(clause.split()) > 1 and clause.count("(") == clause.count(")")
    return clause if whole else SHARED.get(option, "")


N_CRITIC = "game.n_critic"  # a number, or a part: a schedule of turns
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
    "batch": (int, "real samples shown to the critic in one move"),
    "rounds": (int, "how long to play: in a round every player moves"),
    "halflife": (float, "of the averaged generator, in rounds"),
    "conditional": (bool, "the networks see the labels of the data"),
    "labelled": (int, "labels that are known, as many of each class, to a game whose critic learns classes"),
    "binarize": (bool, "grey values are probabilities of white: pixels are drawn black or white in every batch"),
    "seed": (int, "of the initial weights, the order of the data and all noise"),
}


@dataclass(frozen=True)
class Setting:
    """One value of a recipe that may be changed."""

    annotation: Any
    value: Any  # as it is now: the recipe's, or the part's default; "auto" where the data will decide
    help: str  # a clause, or nothing
    is_part: bool = False  # a name from a catalogue, and not an option


def settings(recipe: Recipe) -> dict[str, Setting]:
    """Everything that may be changed in a recipe, by its full path."""
    found = {name: Setting(kind, getattr(recipe, name), about) for name, (kind, about) in NUMBERS.items()}
    for path, (catalogue, spec) in parts(recipe).items():
        found[path] = Setting(str, spec["name"], _about(catalogue, spec["name"]), is_part=True)
        known = known_options(catalogue, spec["name"])
        found |= {
            f"{path}.{option}": dataclasses.replace(setting, value=spec.get(option, setting.value))
            for option, setting in known.items()
            if not isinstance(spec.get(option), dict)
        }
    return found


def parts(recipe: Recipe) -> dict[str, tuple[Catalogue, Spec]]:
    """Every part of a recipe by its full path: the catalogue it is from, and its description."""
    single = {path: (catalogue, getattr(recipe, path)) for path, catalogue in SINGLE.items()}
    found = {path: (catalogue, spec) for path, (catalogue, spec) in single.items() if spec is not None}
    if isinstance(turns := recipe.game.get("n_critic"), dict):
        found[N_CRITIC] = (catalogue_of(N_CRITIC), turns)
    groups = {"networks": recipe.networks, "penalties": recipe.penalties, "optimizers": optimizers(recipe)}
    inner = {f"{group}.{key}": spec for group, specs in groups.items() for key, spec in specs.items()}
    return found | {path: (catalogue_of(path), spec) for path, spec in inner.items()}


def catalogue_of(path: str) -> Catalogue:
    """Where the part at this place comes from."""
    group, _, key = path.partition(".")
    if path == N_CRITIC:
        return TURNS
    if group == "networks":
        if key not in NETWORKS:
            raise Refusal(f"{path} is no role.{nearest(key, NETWORKS)}")
        return NETWORKS[key]
    return {"penalties": PENALTIES, "optimizers": OPTIMIZERS, **SINGLE}[group]


def optimizers(recipe: Recipe) -> dict[str, Spec]:
    """The optimizer of every player: Adam for the networks that the recipe leaves open."""
    said = {role for key in recipe.optimizers for role in key.split("+")}
    return dict(recipe.optimizers) | {role: {"name": DEFAULT} for role in recipe.networks if role not in said}


def known_options(catalogue: Catalogue, name: str) -> dict[str, Setting]:
    """The options of a part with their defaults; of `auto`, those of all it may become."""
    if catalogue is DATASETS:
        return _options_of_data(name)
    if name != "auto":
        return options_of(builder_of(catalogue, name))
    found: dict[str, Setting] = {}
    for builder in catalogue.values():
        for option, setting in options_of(builder).items():
            known = found.get(option, setting)
            found[option] = Setting(known.annotation | setting.annotation, "auto", known.help or setting.help)
    return found


def _options_of_data(name: str) -> dict[str, Setting]:
    """Of a set with a name, or of whatever a path leads to; nothing where it leads nowhere yet."""
    try:
        return options_of(data_builder(name))
    except Refusal:
        return {}


def options_of(builder: Any) -> dict[str, Setting]:
    """What may be said of a part, with the defaults."""
    hints, doc = typing.get_type_hints(builder), inspect.getdoc(builder) or ""
    return {
        option: Setting(hints.get(option, Any), parameter.default, meaning(option, doc))
        for option, parameter in options(builder).items()
    }


def _about(catalogue: Catalogue, name: str) -> str:
    if name == "auto":
        return "What suits the data and the penalties"
    if catalogue is DATASETS and name not in DATASETS:
        return "Data of your own"
    return summary(builder_of(catalogue, name))
