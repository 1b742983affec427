"""From a recipe to a run: automatic choices, networks, game, optimizers."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import torch
from torch import nn
from torch.optim import Optimizer

from ..core.distributed import world_size
from ..core.errors import Refusal, at_least, nearest
from ..core.priors import PRIORS
from ..core.seeding import key
from ..core.specs import Spec, make
from ..data import Data, Stream
from ..games.game import Game
from ..terms.likelihoods import BINARY, REAL
from ..terms.penalties import PENALTIES, uses_gradient
from ..training.optimizers import DEFAULT, OPTIMIZERS, SCHEDULES, Schedule
from ..training.run import Average, Run
from ..training.update_rules import RULES, check_turns
from .build_game import build_game, try_penalties
from .build_networks import build_networks, check_batch, condition, critic_input, label_subset, mixes_samples
from .recipe import Recipe

# Unlike the paper's, with a fully connected layer: few strided convolutions do not cover a small image.
_AUTO: Mapping[tuple[str, str], dict[str, Any]] = {
    ("generator", "dcgan"): {"hidden": 256, "norm": "batch", "upsample": "nearest"},
    ("critic", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("encoder", "dcgan"): {"hidden": 256, "norm": "batch"},
    ("prior", "dense"): {},
}
_CPU_WIDTH, _HIDDEN_PER_WIDTH = 16, 8  # docs/design/quality.md: half the size is twice as good in minutes of one core
_COUPLED = (
    "The critic's score of a sample depends on the rest of the batch (batch norm or batch statistics), so the gradient "
    "norm that the penalty constrains is not defined for one sample. Set networks.critic.norm to layer, instance, "
    "group, weight, spectral or none, or add --allow-coupled-critic."
)


def build(
    recipe: Recipe,
    data: Data,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    allow_coupled_critic: bool = False,
) -> Run:
    """Build the run of a recipe at round 0, without training it. Raises Refusal for what cannot be trained.

    Args:
        recipe: The recipe; `auto` is replaced by what suits the data.
        data: The data; `recipe.data` is not read.
        device: Device of networks and data: cpu, cuda or mps.
        precision: Precision of the networks: fp32 or bf16.
        allow_coupled_critic: Allow a gradient penalty on a critic whose scores depend on the rest of the batch.

    Example:
        >>> run = eq.build(eq.RECIPES["wgan-gp"](), eq.DATASETS["ring"]())
        >>> [player.name for player in run.game.players]
        ['critic', 'generator']
    """
    return assemble(resolve(recipe, data, device), data, device, precision, allow_coupled_critic)


def assemble(recipe: Recipe, data: Data, device: str | torch.device, precision: str, allow_coupled_critic: bool) -> Run:
    """The run of a recipe without any `auto`. Raises Refusal as `build` does."""
    if not recipe.halflife >= 0:
        raise Refusal(f"halflife is {recipe.halflife}: it must be a number of rounds; 0 turns averaging off.")
    at_least(0, "The recipe", halflife_share=recipe.halflife_share)
    data = (data.labeled_part() if recipe.conditional else data).to(torch.device(device))
    at_least(1, "The recipe", batch=recipe.batch)
    labels = label_subset(recipe, data)
    stream = Stream(data, 1, recipe.seed, recipe.conditional, recipe.binarize, labels)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(recipe.seed, -1))
        prior, inputs = make(PRIORS, recipe.prior, "prior"), critic_input(recipe, data)
        networks = build_networks(recipe.networks, data.space, prior, condition(recipe, data), inputs)
        check_batch(recipe, networks, len(data.x) // world_size())
        mixing = "critic" in networks and mixes_samples(networks["critic"], recipe, data, prior)
        if mixing and not allow_coupled_critic and uses_gradients(recipe.penalties, inputs.shape(data.space, prior)):
            raise Refusal(_COUPLED)
        kind = data.labels.kind if recipe.conditional and data.labels else None
        game = build_game(recipe, networks, prior, data.space, kind, together=not mixing)
    game.networks.to(device)
    game.memories.to(device)
    rule = make(RULES, recipe.rule, "rule")
    check_turns(rule, recipe.rule["name"], game)
    optimizers = _optimizers(recipe, game)
    averaged = {k: v for k, v in game.networks.items() if k != "critic" or labels is not None}  # one learns classes
    stream = dataclasses.replace(stream, size=recipe.batch)
    average = Average(nn.ModuleDict(averaged), recipe.halflife, recipe.halflife_share)
    run = Run(game, stream, optimizers, average, schedules(recipe, optimizers), precision, recipe.seed, rule)
    try_penalties(recipe, run)
    return run


def _optimizers(recipe: Recipe, game: Game) -> dict[str, Optimizer]:
    """Each player's optimizer, under its key in the recipe."""
    players = {player.optimizer: player for player in game.players}
    if unknown := [name for name in recipe.optimizers if name not in players]:
        raise Refusal(f"optimizers.{unknown[0]} belongs to no player of this game.{nearest(unknown[0], players)}")
    specs = {name: recipe.optimizers.get(name, {"name": DEFAULT}) for name in players}
    return {
        name: make(OPTIMIZERS, specs[name], f"optimizers.{name}", parameters=game.parameters(player))
        for name, player in players.items()
    }


def schedules(recipe: Recipe, optimizers: Iterable[str]) -> dict[str, Schedule]:
    """The learning rate schedule of each optimizer over the recipe's rounds; empty if rates are constant."""
    at_least(1, "The recipe", rounds=recipe.rounds)
    schedule = make(SCHEDULES, recipe.schedule, "schedule", rounds=recipe.rounds)
    return {} if recipe.schedule == {"name": "constant"} else dict.fromkeys(optimizers, schedule)


def resolve(recipe: Recipe, data: Data, device: str | torch.device = "cpu") -> Recipe:
    """The same recipe with every `auto` replaced by what suits this data and this kind of device."""
    shape, prior = data.space.shape, make(PRIORS, recipe.prior, "prior")
    input_shape = critic_input(recipe, data).shape(data.space, prior)
    penalties = {key: resolve_penalty(spec, input_shape) for key, spec in recipe.penalties.items()}
    penalized = uses_gradients(penalties, input_shape)
    networks = {
        role: resolve_network(role, spec, input_shape if role == "critic" else shape, penalized, recipe.conditional)
        for role, spec in (_on_cpu(recipe, shape) if torch.device(device).type == "cpu" else recipe.networks).items()
    }
    likelihood = resolve_likelihood(recipe.likelihood, recipe.binarize)
    return dataclasses.replace(recipe, networks=networks, penalties=penalties, likelihood=likelihood)


def _on_cpu(recipe: Recipe, shape: tuple[int, ...]) -> dict[str, Spec]:
    """The networks; those that `auto` stands for are small in games of generator and critic, for images."""
    if set(recipe.networks) != {"generator", "critic"} or recipe.labelled or len(shape) == 1:
        return recipe.networks
    widths = {role: spec.get("width", _CPU_WIDTH) for role, spec in recipe.networks.items() if spec["name"] == "auto"}
    small = {role: {"width": width, "hidden": _HIDDEN_PER_WIDTH * width} for role, width in widths.items()}
    return {role: small.get(role, {}) | spec for role, spec in recipe.networks.items()}


def resolve_network(
    role: str, spec: Mapping[str, Any], shape: tuple[int, ...], penalized: bool, conditional: bool = False
) -> dict[str, Any]:
    """The network that `auto` stands for: dense for points, dcgan for images; other networks unchanged.

    Options of the `spec` win. A critic with a gradient penalty has no norm, since batch norm would couple samples. The
    condition is concatenated with the input; a critic of images has a projection; a prior has no other input.
    """
    if spec["name"] != "auto":
        return dict(spec)
    name = "dense" if role == "prior" or len(shape) == 1 else "dcgan"
    options = _AUTO.get((role, name), {"norm": "none"})
    if role == "critic" and penalized:
        options = options | {"norm": "none"}
    if conditional and role != "prior":
        options = options | {"conditioning": "projection" if (role, name) == ("critic", "dcgan") else "concat"}
    return {"name": name} | options | dict(spec) | {"name": name}


def resolve_penalty(spec: Spec, shape: tuple[int, ...]) -> Spec:
    """The penalty with the weight that `auto` stands for: smaller for points than for images.

    With the weight for images the critic is too flat to separate neighboring modes of points.
    """
    if spec.get("weight") != "auto":
        return spec
    penalty = make(PENALTIES, {key: value for key, value in spec.items() if key != "weight"}, "penalty")
    if (weights := getattr(penalty, "auto_weight", None)) is None:
        return spec
    points, images = weights
    return spec | {"weight": points if len(shape) == 1 else images}


def resolve_likelihood(likelihood: Spec | None, binary: bool) -> Spec | None:
    """The likelihood that `auto` stands for: Bernoulli for binary pixels, else normal with a learned std."""
    if likelihood is None or likelihood["name"] != "auto":
        return likelihood
    options = {} if binary else {key: value for key, value in likelihood.items() if key in ("noise", "learned")}
    return options | {"name": BINARY if binary else REAL}


def uses_gradients(penalties: Mapping[str, Spec], shape: tuple[int, ...]) -> bool:
    """Whether a penalty uses the gradient of the critic, whose input has this shape."""
    with torch.random.fork_rng(devices=[]):  # a custom penalty may draw its initial weights
        return any(uses_gradient(make(PENALTIES, spec, f"penalties.{key}"), shape) for key, spec in penalties.items())
