"""What the networks of a recipe play: the divergence, what the critic pays, how it looks, and who moves how often."""

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
from ..terms.penalties import PENALTIES
from .parts import Spec, make
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
    """Divergence, penalties, augmentation and players, from the catalogues, for these networks and kind of labels."""
    options: Spec = dict(recipe.game)
    if isinstance(options.get("n_critic"), dict):
        options["n_critic"] = make(TURNS, options["n_critic"], "game.n_critic")
    elif "n_critic" in options:
        at_least_one("game.n_critic", options["n_critic"])
    divergence = make(DIVERGENCES, recipe.divergence, "divergence")
    if recipe.augmentation["name"] == "ada" and not parted_by_zero(recipe.divergence, divergence):
        raise Refusal(
            f"The augmentation 'ada' reads overfitting from the sign of scores, which says nothing under "
            f"{recipe.divergence['name']!r} as it is: use another divergence, such as non_saturating or hinge, or "
            f"--augmentation diffaugment."
        )
    return make(
        GAMES,
        options,
        "game",
        prior=prior,
        divergence=divergence,
        penalties={name: make(PENALTIES, spec, f"penalties.{name}") for name, spec in recipe.penalties.items()},
        augmentation=make(AUGMENTATIONS, recipe.augmentation, "augmentation", shape=space.shape),
        labels=labels,
        together=together,
        **networks,
    )


def parted_by_zero(spec: Spec, divergence: Divergence) -> bool:
    """Whether the best critic's score is positive where data are likelier than samples, and negative elsewhere."""
    if spec["name"] == "least_squares":
        return spec.get("fake_code", 0.0) == -spec.get("real_code", 1.0)
    if (facts := divergence.facts) is not None:
        said = float(facts.activation(torch.zeros((), dtype=torch.float64)))
        return abs(said - facts.slope_at_one) < 1e-9
    return spec["name"] not in _UNPARTED
