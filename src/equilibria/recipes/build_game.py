"""From a recipe to its game: divergence, penalties, likelihood, augmentation and critic steps."""

import inspect
from typing import Any

import torch
from torch import nn

from ..core.errors import Refusal, at_least
from ..core.priors import Prior
from ..core.specs import Spec, builder_of, make
from ..data import Space
from ..games import GAMES
from ..games import traits as traits_of_game
from ..games.critic_player import TURNS
from ..games.game import Game
from ..games.play import Play
from ..terms import divergences, penalties
from ..terms.augmentations import AUGMENTATIONS
from ..terms.divergences import DIVERGENCES
from ..terms.penalties import PENALTIES
from ..training import optimizers
from ..training.run import Run
from .build_networks import critic_input, likelihood_of
from .recipe import Recipe


def build_game(
    recipe: Recipe,
    networks: dict[str, nn.Module],
    prior: Prior,
    space: Space,
    labels: str | None = None,
    together: bool = False,
) -> Game:
    """The game of a recipe with these networks and this kind of labels. Raises Refusal for a part it does not use."""
    options: Spec = dict(recipe.game)
    if isinstance(options.get("n_critic"), dict):
        options["n_critic"] = make(TURNS, options["n_critic"], "game.n_critic")
    elif "n_critic" in options:
        at_least(1, "The game", n_critic=options["n_critic"])
    terms = _terms(recipe, space)
    parameters = inspect.signature(builder_of(GAMES, recipe.game["name"])).parameters
    roles = {role: "prior_network" if role == "prior" else role for role in networks}
    unused = [name for name in [*terms, *networks] if roles.get(name, name) not in parameters]
    game = f"The game {recipe.game['name']!r}"
    if unused:
        raise Refusal(f"{game} does not use the recipe's {unused[0]}: start from a recipe of this game.")
    if recipe.penalties and "penalties" not in parameters:
        raise Refusal(f"{game} has no critic, which penalties need: leave them out.")
    by_role = {roles[role]: network for role, network in networks.items()}
    return make(GAMES, options, "game", prior=prior, labels=labels, together=together, **terms, **by_role)


def _terms(recipe: Recipe, space: Space) -> dict[str, Any]:
    """The terms of the losses, by the names of a game's parameters."""
    terms: dict[str, Any] = {}
    if recipe.divergence is not None:
        terms["divergence"] = make(DIVERGENCES, recipe.divergence, "divergence")
        terms["penalties"] = {k: make(PENALTIES, spec, f"penalties.{k}") for k, spec in recipe.penalties.items()}
    if recipe.augmentation is not None:
        terms["augmentation"] = make(AUGMENTATIONS, recipe.augmentation, "augmentation", shape=space.shape)
        reads_signs = getattr(terms["augmentation"], "reads_signs", False)
        if reads_signs and recipe.divergence and not terms["divergence"].signed_scores:
            raise Refusal(
                f"The augmentation {recipe.augmentation['name']!r} estimates overfitting from the sign of the critic's "
                f"scores, which has no meaning under {recipe.divergence['name']!r}: use another divergence, such as "
                f"non_saturating or hinge, or --augmentation diffaugment."
            )
    if recipe.likelihood is not None:
        terms["likelihood"] = likelihood_of(recipe.likelihood, space)
    return terms


def own_parts(recipe: Recipe, run: Run) -> dict[str, dict[str, Any]]:
    """Traits of the user's own parts, by their path in the recipe, so that records are read without their code."""
    shape = critic_input(recipe, run.stream.data).shape(run.stream.data.space, run.game.prior)
    with torch.random.fork_rng(devices=[]):
        custom = [(path, spec) for path, spec in recipe.specs() if ":" in spec["name"]]
        traits = {path: _traits(path, spec, run, shape) for path, spec in custom}
    return {path: each for path, each in traits.items() if each is not None}


def try_penalties(recipe: Recipe, run: Run) -> None:
    """Compute the user's own penalties once, on the first batch. Raises Refusal for costs that cannot be right."""
    own = [key for key, spec in recipe.penalties.items() if ":" in spec["name"]]
    if not own or (contest := run.game.contest) is None:
        return
    with run.restored(), torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(0)
        duel = contest.duel(Play(run.game.networks, run.stream.batch(0), run.game.prior))
        for key in own:
            _check_cost(f"penalties.{key}", contest.penalties[key](duel), len(duel.real[0]))


def _check_cost(where: str, cost: Any, count: int) -> None:
    """Raise Refusal unless these are the costs of so many samples."""
    if not isinstance(cost, torch.Tensor):
        raise Refusal(f"{where} returns {type(cost).__name__}: it must return a tensor, a cost per sample, (B,).")
    if cost.shape != (count,):
        mean = " Leave out the mean or the sum over the batch." if cost.ndim == 0 else ""
        raise Refusal(
            f"{where} returns a tensor of shape {tuple(cost.shape)} for a batch of {count}: it must return a cost per "
            f"sample, ({count},).{mean}"
        )
    if not cost.requires_grad:
        raise Refusal(
            f"{where} has no gradient for the critic, so it would teach it nothing: compute it from the critic's "
            "scores, and a gradient with torch.autograd.grad(..., create_graph=True)."
        )
    if not (lowest := float(cost.detach().min())) >= 0:
        raise Refusal(
            f"{where} is {lowest:.3g} for a sample: a cost must be a number of at least 0, such as a square, or the "
            "critic lowers its loss without end."
        )


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
