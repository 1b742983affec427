"""What the networks of a recipe play: the divergence, what the critic pays, how it looks, and who moves how often."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..data import Space
from ..games import GAMES
from ..games.game import Game
from ..games.turns import TURNS
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES, Divergence
from ..terms.likelihoods import LIKELIHOODS
from ..terms.penalties import PENALTIES
from .parts import Spec, builder_of, make
from .recipe import Recipe, at_least_one

_UNPARTED = ("wasserstein", "relativistic", "relativistic_average")  # real scores have no sign of their own


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
        _refuse_unparted(recipe, found["divergence"])
        made = {name: make(PENALTIES, spec, f"penalties.{name}") for name, spec in recipe.penalties.items()}
        found["penalties"] = made
    if recipe.augmentation is not None:
        found["augmentation"] = make(AUGMENTATIONS, recipe.augmentation, "augmentation", shape=space.shape)
    if recipe.likelihood is not None:
        found["likelihood"] = likelihood_of(recipe.likelihood, space)
    return found


def likelihood_of(spec: Spec, space: Space) -> nn.Module:
    """The likelihood of samples of this space."""
    return make(LIKELIHOODS, spec, "likelihood", shape=space.shape, outlet=space.outlet())


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


def _refuse_unparted(recipe: Recipe, divergence: Divergence) -> None:
    """Raise Refusal for an augmentation that would read scores which say nothing to it."""
    if recipe.augmentation is None or recipe.divergence is None or recipe.augmentation["name"] != "ada":
        return
    if not parted_by_zero(recipe.divergence, divergence):
        raise Refusal(
            f"The augmentation 'ada' reads overfitting from the sign of scores, which says nothing under "
            f"{recipe.divergence['name']!r} as it is: use another divergence, such as non_saturating or hinge, or "
            f"--augmentation diffaugment."
        )


def parted_by_zero(spec: Spec, divergence: Divergence) -> bool:
    """Whether the best critic's score is positive where data are likelier than samples, and negative elsewhere."""
    if spec["name"] == "least_squares":
        return spec.get("fake_code", 0.0) == -spec.get("real_code", 1.0)
    if (facts := divergence.facts) is not None:
        said = float(facts.activation(torch.zeros((), dtype=torch.float64)))
        return abs(said - facts.slope_at_one) < 1e-9
    return spec["name"] not in _UNPARTED
