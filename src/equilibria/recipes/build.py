"""From a recipe to a run: automatic choices, networks, game, optimizers."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal, nearest
from ..core.priors import PRIORS
from ..core.seeding import key
from ..core.specs import Spec, make
from ..data import Data, Stream
from ..terms.likelihoods import BINARY, REAL
from ..terms.penalties import PENALTIES, uses_gradient
from ..training.optimizers import DEFAULT, OPTIMIZERS, SCHEDULES, Schedule
from ..training.run import Average, Run
from ..training.update_rules import RULES, check_turns
from .build_game import build_game
from .build_networks import build_networks, condition, critic_input, label_subset, mixes_samples, refuse_lone_rows
from .recipe import Recipe, at_least_one

# Ahead of the paper's layers on small images: few strided convolutions see no whole picture, a connected layer does.
_CHOSEN: Mapping[tuple[str, str], dict[str, Any]] = {
    ("generator", "dcgan"): {"hidden": 256, "norm": "batch", "upsample": "nearest"},
    ("critic", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("encoder", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("prior", "dense"): {},
}
_TOLD = {("critic", "dcgan"): "projection"}  # how, where not by concat


def resolve_network(
    role: str, spec: Mapping[str, Any], shape: tuple[int, ...], penalised: bool, conditional: bool = False
) -> dict[str, Any]:
    """The network that `auto` means: dense for points, dcgan for images; other networks unchanged.

    `spec` is {"name": ..., **options}; the options are kept. A penalised critic has no norm, since batch norm would
    couple the samples whose slopes are penalised one by one; nobody penalises an encoder's. A conditional network is
    told the condition: beside what goes in, and a critic of images by projection. A prior sees nothing else.
    """
    if spec["name"] != "auto":
        return dict(spec)
    name = "dense" if role == "prior" or len(shape) == 1 else "dcgan"
    chosen = _CHOSEN.get((role, name), {"norm": "none"})
    if role == "critic" and penalised:
        chosen = chosen | {"norm": "none"}
    if conditional and role != "prior":
        chosen = chosen | {"conditioning": _TOLD.get((role, name), "concat")}
    return {"name": name} | chosen | dict(spec) | {"name": name}


def uses_gradients(penalties: Mapping[str, Spec], shape: tuple[int, ...]) -> bool:
    """Whether a penalty reads the critic's gradient, which a critic that mixes samples does not have one by one.

    `shape` is that of what the critic is shown.
    """
    with torch.random.fork_rng(devices=[]):  # a user's own penalty may draw its first weights
        return any(uses_gradient(make(PENALTIES, spec, f"penalties.{key}"), shape) for key, spec in penalties.items())


def resolve_penalty(spec: Spec, shape: tuple[int, ...]) -> Spec:
    """The penalty with the weight that `auto` means: lighter for points than for images; other penalties unchanged.

    Under a weight for images the critic stays too flat to tell the neighbouring modes of points apart.
    """
    if spec.get("weight") != "auto":
        return spec
    penalty = make(PENALTIES, {key: value for key, value in spec.items() if key != "weight"}, "penalty")
    if (weights := getattr(penalty, "auto_weight", None)) is None:
        return spec
    points, images = weights
    return spec | {"weight": points if len(shape) == 1 else images}


def resolve_likelihood(likelihood: Spec | None, binary: bool) -> Spec | None:
    """The likelihood that `auto` means: of black or white pixels, or normal noise whose deviation is learned."""
    if likelihood is None or likelihood["name"] != "auto":
        return likelihood
    kept = {} if binary else {key: value for key, value in likelihood.items() if key in ("noise", "learned")}
    return kept | {"name": BINARY if binary else REAL}


_COUPLED = (
    "The critic's score of one sample depends on the others in the batch (batch norm, or statistics over the batch), "
    "so the slope that the penalty bounds is not a property of the critic: use the norm layer, instance, group, "
    "weight, spectral or none in networks.critic.norm, or insist with --allow-coupled-critic."
)


def resolve(recipe: Recipe, data: Data) -> Recipe:
    """The same recipe with every `auto` decided for this data."""
    shape, shown = data.space.shape, critic_input(recipe, data).shape(data.space, make(PRIORS, recipe.prior, "prior"))
    penalties = {key: resolve_penalty(spec, shown) for key, spec in recipe.penalties.items()}
    penalised = uses_gradients(penalties, shown)
    networks = {
        role: resolve_network(role, spec, shown if role == "critic" else shape, penalised, recipe.conditional)
        for role, spec in recipe.networks.items()
    }
    likelihood = resolve_likelihood(recipe.likelihood, recipe.binarize)
    return dataclasses.replace(recipe, networks=networks, penalties=penalties, likelihood=likelihood)


def build(
    recipe: Recipe,
    data: Data,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    allow_coupled_critic: bool = False,
) -> Run:
    """A run at round 0. Raises Refusal for a name, an option or a combination that cannot be trained."""
    return assemble(resolve(recipe, data), data, device, precision, allow_coupled_critic)


def assemble(
    recipe: Recipe,
    data: Data,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    allow_coupled_critic: bool = False,
) -> Run:
    """The run of a recipe without any `auto`. Raises Refusal as `build` does."""
    if not recipe.halflife >= 0:
        raise Refusal(f"halflife is {recipe.halflife}: a number of rounds is needed; 0 means no average.")
    batch, labelled = at_least_one("batch", recipe.batch), recipe.conditional
    data = data.to(torch.device(device))
    stream = Stream(data, batch, recipe.seed, labelled, recipe.binarize, label_subset(recipe, data))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(recipe.seed, -1))
        prior, shown = make(PRIORS, recipe.prior, "prior"), critic_input(recipe, data)
        networks = build_networks(recipe.networks, data.space, prior, condition(recipe, data), shown)
        refuse_lone_rows(networks, recipe)
        mixing = "critic" in networks and mixes_samples(networks["critic"], recipe, data, prior)
        bounded = mixing and uses_gradients(recipe.penalties, shown.shape(data.space, prior))
        if bounded and not allow_coupled_critic:
            raise Refusal(_COUPLED)
        labels = data.labels.kind if recipe.conditional and data.labels else None
        game = build_game(recipe, networks, prior, data.space, labels, together=not mixing)
    game.networks.to(device)
    game.memories.to(device)
    rule = make(RULES, recipe.rule, "rule")
    check_turns(rule, recipe.rule["name"], game)
    owners = {player.optimizer: player for player in game.players}
    if unknown := [name for name in recipe.optimizers if name not in owners]:
        raise Refusal(f"optimizers.{unknown[0]} moves nothing in this game.{nearest(unknown[0], owners)}")
    optimizers = {
        key: make(
            OPTIMIZERS,
            recipe.optimizers.get(key, {"name": DEFAULT}),
            f"optimizers.{key}",
            parameters=game.parameters(player),
        )
        for key, player in owners.items()
    }
    average = Average(averaged_networks(game.networks, stream), recipe.halflife)
    return Run(game, stream, optimizers, average, schedules(recipe, owners), precision, recipe.seed, rule)


def schedules(recipe: Recipe, optimizers: Iterable[str]) -> dict[str, Schedule]:
    """The learning rates of all optimizers over the recipe's rounds; nothing where they are constant."""
    schedule = make(SCHEDULES, recipe.schedule, "schedule", rounds=at_least_one("rounds", recipe.rounds))
    return {} if recipe.schedule == {"name": "constant"} else dict.fromkeys(optimizers, schedule)


def averaged_networks(networks: nn.ModuleDict, stream: Stream) -> nn.ModuleDict:
    """Those that a moving average is kept of: all but the critic, unless it learns classes."""
    roles = (
        networks.items()
        if stream.labelled_subset is not None
        else ((k, v) for k, v in networks.items() if k != "critic")
    )
    return nn.ModuleDict(dict(roles))
