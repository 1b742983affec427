"""From a recipe to a run that is ready to play."""

import dataclasses
from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal, nearest
from ..core.priors import PRIORS, Prior
from ..core.randomness import generator, key
from ..data import Data, Space, Stream
from ..games import GAMES
from ..games.game import Game
from ..games.turns import TURNS
from ..games.views import pack
from ..networks import NETWORKS
from ..networks.auto import resolve as resolve_network
from ..networks.coupling import coupled
from ..networks.norms import needs_rows
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES
from ..terms.penalties import PENALTIES
from ..training.average import Average
from ..training.optimizers import OPTIMIZERS
from ..training.rules import RULES, refuse_turns
from ..training.run import Run
from ..training.schedules import SCHEDULES
from .parts import Spec, make
from .recipe import Recipe
from .weights import weighed

_PROBED = 6  # rows shown to the critic when asking whether they influence each other
_UNSIGNED = ("wasserstein", "relativistic", "relativistic_average", "least_squares", "kl")  # 0 parts no scores
_COUPLED = (
    "The critic's score of one sample depends on the others in the batch (batch norm, or statistics over the batch), "
    "so the slope that the penalty bounds is not a property of the critic: use the norm layer, instance, group, "
    "weight, spectral or none in networks.critic.norm, or insist with --allow-coupled-critic."
)


def resolve(recipe: Recipe, data: Data) -> Recipe:
    """The same recipe with every `auto` decided for this data."""
    networks = {
        role: resolve_network(role, spec, data.space.shape, bool(recipe.penalties), recipe.conditional)
        for role, spec in recipe.networks.items()
    }
    penalties = {key: weighed(spec, data.space.shape) for key, spec in recipe.penalties.items()}
    return dataclasses.replace(recipe, networks=networks, penalties=penalties)


def build(
    recipe: Recipe,
    data: Data,
    device: str | torch.device = "cpu",
    precision: str = "fp32",
    allow_coupled_critic: bool = False,
) -> Run:
    """A run at round 0. Raises Refusal for a name, an option or a combination that cannot be played."""
    if not recipe.halflife >= 0:
        raise Refusal(f"halflife is {recipe.halflife}: a number of rounds is needed; 0 means no average.")
    stream = Stream(data.to(torch.device(device)), _positive("batch", recipe.batch), recipe.seed, recipe.conditional)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(key(recipe.seed, -1))
        recipe, prior = resolve(recipe, data), make(PRIORS, recipe.prior, "prior")
        networks = build_networks(recipe.networks, data.space, prior, condition(recipe, data), packing(recipe))
        _refuse_lone_rows(networks, recipe)
        mixing = "critic" in networks and mixes_samples(networks["critic"], recipe, data)
        if mixing and recipe.penalties and not allow_coupled_critic:
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
            recipe.optimizers.get(key, {"name": "adam"}),
            f"optimizers.{key}",
            parameters=game.parameters(player),
        )
        for key, player in owners.items()
    }
    schedule = make(SCHEDULES, recipe.schedule, "schedule", rounds=_positive("rounds", recipe.rounds))
    schedules = {} if recipe.schedule["name"] == "constant" else dict.fromkeys(owners, schedule)
    sampled = nn.ModuleDict({name: net for name, net in game.networks.items() if name != "critic"})
    return Run(game, stream, optimizers, Average(sampled, recipe.halflife), schedules, precision, recipe.seed, rule)


def build_game(
    recipe: Recipe,
    networks: dict[str, nn.Module],
    prior: Prior,
    space: Space,
    labels: str | None = None,
    together: bool = False,
) -> Game:
    """Divergence, penalties, augmentation and players, from the catalogues, for these networks and kind of labels."""
    options: Spec = dict(recipe.game)
    if isinstance(options.get("n_critic"), dict):
        options["n_critic"] = make(TURNS, options["n_critic"], "game.n_critic")
    elif "n_critic" in options:
        _positive("game.n_critic", options["n_critic"])
    if recipe.augmentation["name"] == "ada" and (name := recipe.divergence["name"]) in _UNSIGNED:
        raise Refusal(
            f"The augmentation 'ada' reads overfitting from the sign of scores, which says nothing under {name!r}: use "
            f"another divergence, such as non_saturating or hinge, or --augmentation diffaugment."
        )
    return make(
        GAMES,
        options,
        "game",
        prior=prior,
        divergence=make(DIVERGENCES, recipe.divergence, "divergence"),
        penalties={name: make(PENALTIES, spec, f"penalties.{name}") for name, spec in recipe.penalties.items()},
        augmentation=make(AUGMENTATIONS, recipe.augmentation, "augmentation", shape=space.shape),
        labels=labels,
        together=together,
        **networks,
    )


def condition(recipe: Recipe, data: Data) -> int:
    """The width of what the networks are told beside latents and samples: of the labels, or 0."""
    return data.labels.size if recipe.conditional and data.labels is not None else 0


def build_networks(
    specs: dict[str, Spec], space: Space, prior: Prior, condition: int = 0, packed: int = 1
) -> dict[str, nn.Module]:
    """Each role's network, for samples of this space, latents of this prior and conditions of this width.

    The critic is shown `packed` samples as one.
    """
    shape, outlet = space.shape, space.outlet()
    context: dict[str, Any] = {"shape": shape, "latent": prior.size, "condition": condition, "outlet": outlet}
    shown = context | {"shape": (packed * shape[0], *shape[1:]), "condition": packed * condition}
    for role in specs:
        if role not in NETWORKS:
            raise Refusal(f"networks.{role} is no role.{nearest(role, NETWORKS)}")
    return {
        role: make(NETWORKS[role], spec, f"networks.{role}", **(shown if role == "critic" else context))
        for role, spec in specs.items()
    }


def mixes_samples(critic: nn.Module, recipe: Recipe, data: Data) -> bool:
    """Whether the critic's score of one sample depends on the others in the batch, seen on samples of this data."""
    count = packing(recipe)
    chosen = torch.randint(len(data.x), (_PROBED * count,), generator=generator(0, len(data.x)))
    x, y = data.batch(chosen.to(data.x.device), recipe.conditional)
    return coupled(critic, (pack(x.cpu(), count),), None if y is None else pack(y.cpu(), count))


def packing(recipe: Recipe) -> int:
    """How many samples the critic is shown as one."""
    count = recipe.game.get("pack", 1)
    if recipe.batch % _positive("game.pack", count):
        raise Refusal(f"A batch of {recipe.batch} cannot be packed by {count}: let --batch be a multiple of --pack.")
    return count


def _refuse_lone_rows(networks: dict[str, nn.Module], recipe: Recipe) -> None:
    """Batch norm has nothing to compare one row with."""
    for role, network in networks.items():
        rows = recipe.batch // (packing(recipe) if role == "critic" else 1)
        if rows == 1 and needs_rows(network):
            raise Refusal(
                f"networks.{role} has the norm 'batch', and a batch of {recipe.batch} shows it one row, which has none "
                f"to be compared with: use a larger --batch, or --{role}.norm layer."
            )


def _positive(name: str, value: int) -> int:
    if value < 1:
        raise Refusal(f"{name} is {value}: at least 1 is needed.")
    return value
