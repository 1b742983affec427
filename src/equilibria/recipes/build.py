"""From a recipe to a run at round 0."""

import dataclasses
from collections.abc import Iterable

import torch
from torch import nn

from ..core.errors import Refusal, nearest
from ..core.priors import PRIORS
from ..core.randomness import key
from ..data import Data, Stream
from ..networks.auto import resolve as resolve_network
from ..training.average import Average
from ..training.optimizers import DEFAULT, OPTIMIZERS
from ..training.rules import RULES, refuse_turns
from ..training.run import Run
from ..training.schedules import SCHEDULES, Schedule
from .casting import build_networks, condition, mixes_samples, refuse_lone_rows, seen, taught
from .composing import build_game
from .parts import make
from .recipe import Recipe, at_least_one
from .weights import bounds_slopes, chosen, weighed

_COUPLED = (
    "The critic's score of one sample depends on the others in the batch (batch norm, or statistics over the batch), "
    "so the slope that the penalty bounds is not a property of the critic: use the norm layer, instance, group, "
    "weight, spectral or none in networks.critic.norm, or insist with --allow-coupled-critic."
)


def resolve(recipe: Recipe, data: Data) -> Recipe:
    """The same recipe with every `auto` decided for this data."""
    shape, shown = data.space.shape, seen(recipe, data).shape(data.space, make(PRIORS, recipe.prior, "prior"))
    penalties = {key: weighed(spec, shown) for key, spec in recipe.penalties.items()}
    penalised = bounds_slopes(penalties, shown)
    networks = {
        role: resolve_network(role, spec, shown if role == "critic" else shape, penalised, recipe.conditional)
        for role, spec in recipe.networks.items()
    }
    likelihood = chosen(recipe.likelihood, recipe.binarize)
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
    stream = Stream(data, batch, recipe.seed, labelled, recipe.binarize, taught(recipe, data))
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(recipe.seed, -1))
        prior, shown = make(PRIORS, recipe.prior, "prior"), seen(recipe, data)
        networks = build_networks(recipe.networks, data.space, prior, condition(recipe, data), shown)
        refuse_lone_rows(networks, recipe)
        mixing = "critic" in networks and mixes_samples(networks["critic"], recipe, data, prior)
        bounded = mixing and bounds_slopes(recipe.penalties, shown.shape(data.space, prior))
        if bounded and not allow_coupled_critic:
            raise Refusal(_COUPLED)
        labels = data.labels.kind if recipe.conditional and data.labels else None
        game = build_game(recipe, networks, prior, data.space, labels, together=not mixing)
    game.networks.to(device)
    game.memories.to(device)
    rule = make(RULES, recipe.rule, "rule")
    refuse_turns(rule, recipe.rule["name"], game)
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
    average = Average(averaged(game.networks, stream), recipe.halflife)
    return Run(game, stream, optimizers, average, schedules(recipe, owners), precision, recipe.seed, rule)


def schedules(recipe: Recipe, optimizers: Iterable[str]) -> dict[str, Schedule]:
    """The learning rates of all optimizers over the recipe's rounds; nothing where they are constant."""
    schedule = make(SCHEDULES, recipe.schedule, "schedule", rounds=at_least_one("rounds", recipe.rounds))
    return {} if recipe.schedule == {"name": "constant"} else dict.fromkeys(optimizers, schedule)


def averaged(networks: nn.ModuleDict, stream: Stream) -> nn.ModuleDict:
    """Those that a moving average is kept of: all but the critic, unless it learns classes."""
    roles = networks.items() if stream.known is not None else ((k, v) for k, v in networks.items() if k != "critic")
    return nn.ModuleDict(dict(roles))
