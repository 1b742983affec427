"""From a recipe to networks, and the probe for a critic that mixes the samples of a batch."""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import Refusal, nearest
from ..core.priors import Prior
from ..core.seeding import generator, reseed
from ..core.specs import Spec, builder_of, make
from ..core.types import Critic, Views
from ..data import Data, Space, labelled_subset
from ..games import GAMES, Traits, traits_of
from ..games.views import pack
from ..networks import NETWORKS
from ..networks.norms import needs_rows
from ..terms.likelihoods import LIKELIHOODS
from .recipe import Recipe, at_least_one

_ROWS = 8
_MOVED = (0, 3, 7)
_SIZES = (0.1, 1.0, 10.0)  # of the perturbations: a bend may hide one of them
_TOLERANCE = 1e-5  # relative to the largest score; rounding is 1e-7


def is_coupled(critic: Critic, views: Views, y: Tensor | None = None) -> bool:
    """Whether moving one row of the views, each (B, ...), moves the score of another, in training mode.

    A gradient penalty on such a critic is not a penalty on its slopes. The critic, its buffers and the default random
    state are left as they were.
    """
    with torch.random.fork_rng(), torch.no_grad():
        views, y = tuple(_rows(v) for v in views), None if y is None else _rows(y)
        score = _scorer(critic, y)
        still, again = score(views), score(views)
        if len(still) != _ROWS:
            return True
        tolerance = 4 * (still - again).abs().max() + _TOLERANCE * still.abs().max()
        return any(
            bool(((score(moved) - still).abs() > tolerance)[torch.arange(_ROWS) != row].any())
            for row, moved in _perturbed(views)
        )


def _scorer(critic: Critic, y: Tensor | None) -> Callable[[Views], Tensor]:
    """The critic's scores, (B,), from the same memories and the same random numbers each time."""

    def score(views: Views) -> Tensor:
        reseed(0)
        fresh = _opened(copy.deepcopy(critic))
        return (fresh(*views) if y is None else fresh(*views, y=y)).flatten()

    return score


def _opened(critic: Critic) -> Critic:
    """In training mode, and with weights where all are zero: what starts closed, opens later."""
    if isinstance(critic, nn.Module):
        critic.train()
        for weight in critic.parameters():
            if not weight.any():
                weight.normal_(std=0.1)
    return critic


def _perturbed(views: Views) -> Iterator[tuple[int, Views]]:
    """Copies of the views with one row moved."""
    for size in _SIZES:
        for row in _MOVED:
            moved = tuple(v.clone() for v in views)
            for i, view in enumerate(moved):
                noise = torch.randn(view[row].shape, generator=generator(row, i))
                view[row] += size * noise.to(view)
            yield row, moved


def _rows(view: Tensor) -> Tensor:
    """As many rows as are needed, repeated where there are fewer."""
    return view[torch.arange(_ROWS, device=view.device) % len(view)]


@dataclass(frozen=True)
class CriticInput:
    """What a critic is shown: `views` are "samples", "pairs" with their latents, or "latents"; so many as one.

    It tells so many `classes`, of labels that nobody else sees.
    """

    views: str = "samples"
    packed: int = 1
    classes: int = 0

    def shape(self, space: Space, prior: Prior) -> tuple[int, ...]:
        """Of the first view, without the batch."""
        channels, *rest = (prior.size,) if self.views == "latents" else space.shape
        return self.packed * channels, *rest

    def context(self, space: Space, prior: Prior, condition: int) -> dict[str, Any]:
        """What a critic's builder has to know of it."""
        beside = self.packed * prior.size if self.views == "pairs" else 0
        told = {"condition": self.packed * condition, "supervised": self.classes}
        return {"shape": self.shape(space, prior), "beside": beside} | told

    def shown(self, x: Tensor, prior: Prior) -> tuple[Tensor, ...]:
        """Views of the right shapes, of samples (B, *sample) and latents that are always the same."""
        z = prior.draw(len(x), generator(0, len(x))).to(x.device)
        views = {"samples": (x,), "pairs": (x, z), "latents": (z,)}[self.views]
        return tuple(pack(view, self.packed) for view in views) if self.packed > 1 else views


SAMPLES = CriticInput()
_PROBED = 6  # rows shown to the critic when asking whether they influence each other


def build_networks(
    specs: dict[str, Spec], space: Space, prior: Prior, condition: int = 0, seen: CriticInput = SAMPLES
) -> dict[str, nn.Module]:
    """Each role's network, for samples of this space, latents of this prior and conditions of this width.

    `seen` is what the critic is shown.
    """
    context: dict[str, Any] = {
        "shape": space.shape,
        "latent": prior.size,
        "condition": condition,
        "outlet": space.output_activation(),
    }
    for role in specs:
        if role not in NETWORKS:
            raise Refusal(f"networks.{role} is no role.{nearest(role, NETWORKS)}")
    return {
        role: make(
            NETWORKS[role],
            spec,
            f"networks.{role}",
            **(context | seen.context(space, prior, condition) if role == "critic" else context),
        )
        for role, spec in specs.items()
    }


def condition(recipe: Recipe, data: Data) -> int:
    """The width of what the networks are told beside latents and samples: of the labels, or 0."""
    return data.labels.size if recipe.conditional and data.labels is not None else 0


def packing(recipe: Recipe) -> int:
    """How many samples the critic is shown as one."""
    count = recipe.game.get("pack", 1)
    if recipe.batch % at_least_one("game.pack", count):
        raise Refusal(f"A batch of {recipe.batch} cannot be packed by {count}: let --batch be a multiple of --pack.")
    return count


def game_traits(recipe: Recipe) -> Traits:
    """What the game of a recipe says of itself."""
    return traits_of(builder_of(GAMES, recipe.game["name"]))


def critic_input(recipe: Recipe, data: Data) -> CriticInput:
    """What the critic of a recipe is shown."""
    game = game_traits(recipe)
    classes = data.labels.size if game.learns_classes and data.labels is not None else 0
    return CriticInput(game.critic_input, packing(recipe), classes)


def label_subset(recipe: Recipe, data: Data) -> Tensor | None:
    """Places of the labels that the critic learns classes from, (K,); None in other games, which see all or none."""
    if not game_traits(recipe).learns_classes:
        if recipe.labelled:
            raise Refusal(
                f"The game {recipe.game['name']!r} does not learn from few labels: leave out --labelled, or use the "
                f"recipe sgan."
            )
        return None
    if recipe.conditional:
        raise Refusal(
            "A conditional game is shown all labels, and this one learns from few of them: leave out --conditional."
        )
    return labelled_subset(data, recipe.labelled, recipe.seed)


def mixes_samples(critic: nn.Module, recipe: Recipe, data: Data, prior: Prior) -> bool:
    """Whether the critic's score of one sample depends on the others in the batch, seen on samples of this data."""
    shown = critic_input(recipe, data)
    chosen = torch.randint(len(data.x), (_PROBED * shown.packed,), generator=generator(0, len(data.x)))
    x, y = data.batch(chosen.to(data.x.device), recipe.conditional)
    condition = None if y is None else pack(y.cpu(), shown.packed)
    return is_coupled(critic, shown.shown(x.cpu(), prior), condition)


def refuse_lone_rows(networks: dict[str, nn.Module], recipe: Recipe) -> None:
    """Batch norm has nothing to compare one row with."""
    for role, network in networks.items():
        rows = recipe.batch // (packing(recipe) if role == "critic" else 1)
        if rows == 1 and needs_rows(network):
            raise Refusal(
                f"networks.{role} has the norm 'batch', and a batch of {recipe.batch} shows it one row, which has none "
                f"to be compared with: use a larger --batch, or --{role}.norm layer."
            )


def likelihood_of(spec: Spec, space: Space) -> nn.Module:
    """The likelihood of samples of this space."""
    return make(LIKELIHOODS, spec, "likelihood", shape=space.shape, outlet=space.output_activation())
