"""What the networks of a recipe play: the divergence, what the critic pays, how it looks, and who moves how often."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.specs import Spec, builder_of, make
from ..data import Space
from ..games import GAMES
from ..games import traits as traits_of_game
from ..games.critic_player import TURNS
from ..games.game import Game
from ..terms import divergences, penalties
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES
from ..terms.penalties import PENALTIES
from ..training import optimizers
from ..training.run import Run
from .build_networks import critic_input, likelihood_of
from .recipe import Recipe, at_least_one


def build_game(
    recipe: Recipe,
    networks: dict[str, nn.Module],
    prior: Prior,
    space: Space,
    labels: str | None = None,
    together: bool = False,
) -> Game:
    """The players, with what the recipe has from the catalogues, for these networks and kind of labels."""
    options: Spec = dict(recipe.game)
    if isinstance(options.get("n_critic"), dict):
        options["n_critic"] = make(TURNS, options["n_critic"], "game.n_critic")
    elif "n_critic" in options:
        at_least_one("game.n_critic", options["n_critic"])
    terms = _terms(recipe, space)
    _refuse_idle(recipe, [*terms, *networks])
    given = {"prior_network" if role == "prior" else role: network for role, network in networks.items()}
    return make(GAMES, options, "game", prior=prior, labels=labels, together=together, **terms, **given)


def _terms(recipe: Recipe, space: Space) -> dict[str, Any]:
    """What losses are made of, by the names that games know them by."""
    found: dict[str, Any] = {}
    if recipe.divergence is not None:
        found["divergence"] = make(DIVERGENCES, recipe.divergence, "divergence")
        made = {name: make(PENALTIES, spec, f"penalties.{name}") for name, spec in recipe.penalties.items()}
        found["penalties"] = made
    if recipe.augmentation is not None:
        found["augmentation"] = make(AUGMENTATIONS, recipe.augmentation, "augmentation", shape=space.shape)
        _refuse_unsigned(recipe, found)
    if recipe.likelihood is not None:
        found["likelihood"] = likelihood_of(recipe.likelihood, space)
    return found


def _refuse_idle(recipe: Recipe, parts: Sequence[str]) -> None:
    """Raise Refusal for a part that the game would not use."""
    name = recipe.game["name"]
    taken = inspect.signature(builder_of(GAMES, name)).parameters
    known = {"prior": "prior_network"}
    for part in parts:
        if known.get(part, part) not in taken:
            raise Refusal(
                f"The game {name!r} does without the recipe's {part}: start from a recipe that plays {name!r}."
            )
    if recipe.penalties and "penalties" not in taken:
        raise Refusal(f"The game {name!r} has no critic, so nobody pays penalties: leave them out.")


def _refuse_unsigned(recipe: Recipe, terms: dict[str, Any]) -> None:
    """Raise Refusal for an augmentation that would read scores whose signs say nothing."""
    if "divergence" not in terms or terms["divergence"].signed_scores:
        return
    if recipe.divergence and recipe.augmentation and getattr(terms["augmentation"], "reads_signs", False):
        raise Refusal(
            f"The augmentation {recipe.augmentation['name']!r} reads overfitting from the sign of scores, which says "
            f"nothing under {recipe.divergence['name']!r} as it is: use another divergence, such as non_saturating or "
            f"hinge, or --augmentation diffaugment."
        )


def own_parts(recipe: Recipe, run: Run) -> dict[str, dict[str, Any]]:
    """What parts of the user's own say of themselves, by their place in the recipe: records are read without code."""
    shape = critic_input(recipe, run.stream.data).shape(run.stream.data.space, run.game.prior)
    with torch.random.fork_rng(devices=[]):
        return {
            path: found
            for path, spec in recipe.specs()
            if ":" in spec["name"] and (found := _traits(path, spec, run, shape)) is not None
        }


def _traits(path: str, spec: Spec, run: Run, shape: tuple[int, ...]) -> dict[str, Any] | None:
    group, _, key = path.partition(".")
    if path == "game":
        return traits_of_game(builder_of(GAMES, spec["name"]))
    if path == "divergence":
        return divergences.traits(make(DIVERGENCES, spec, path))
    if group == "penalties":
        return penalties.traits(make(PENALTIES, spec, path), shape)
    if group == "optimizers":
        return optimizers.traits(builder_of(optimizers.OPTIMIZERS, spec["name"]), run.optimizers[key])
    return None
