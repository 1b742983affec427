"""From a recipe to its networks, and the test whether a critic mixes the samples of a batch."""

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..core.distributed import world_size
from ..core.errors import Refusal, ShapeRefusal, at_least, nearest
from ..core.priors import Prior
from ..core.seeding import generator, reseed
from ..core.specs import Spec, builder_of, make
from ..core.types import Critic, Views
from ..data import Data, Space, labelled_subset, load_data
from ..data.dataset import Scale
from ..games import GAMES, Traits, traits_of
from ..games.views import pack
from ..networks import NETWORKS
from ..networks.norms import needs_rows
from ..terms.likelihoods import LIKELIHOODS
from .recipe import Recipe

_ROWS = 8
_PERTURBED_ROWS = (0, 3, 7)
_SIZES = (0.1, 1.0, 10.0)  # of the perturbations: a saturated activation may hide one of them
_TOLERANCE = 1e-5  # relative to the largest score; rounding is 1e-7
_TEST_INPUTS = 6  # packed samples


@dataclass(frozen=True)
class CriticInput:
    """What a critic receives: "samples", "pairs" of samples and latents, or "latents", `packed` together.

    It also predicts `classes` classes, if labels are known to the critic alone.
    """

    views: str = "samples"
    packed: int = 1
    classes: int = 0

    def shape(self, space: Space, prior: Prior) -> tuple[int, ...]:
        """Shape of the first view, without the batch."""
        channels, *rest = (prior.size,) if self.views == "latents" else space.shape
        return self.packed * channels, *rest

    def context(self, space: Space, prior: Prior, condition: int) -> dict[str, Any]:
        """Arguments of the critic's builder that follow from its input."""
        return {
            "shape": self.shape(space, prior),
            "second_view": self.packed * prior.size if self.views == "pairs" else 0,
            "condition": self.packed * condition,
            "supervised": self.classes,
        }

    def views_of(self, x: Tensor, prior: Prior) -> tuple[Tensor, ...]:
        """The critic's input for samples (B, *sample), with latents that are always the same."""
        z = prior.draw(len(x), generator(0, len(x))).to(x.device)
        views = {"samples": (x,), "pairs": (x, z), "latents": (z,)}[self.views]
        return tuple(pack(view, self.packed) for view in views) if self.packed > 1 else views


def build_networks(
    specs: dict[str, Spec], space: Space, prior: Prior, condition: int = 0, inputs: CriticInput | None = None
) -> dict[str, nn.Module]:
    """The network of each role, for samples of this space, latents of this prior and conditions of this width.

    `inputs` is what the critic receives; default: samples. Raises Refusal for an unknown role.
    """
    if unknown := [role for role in specs if role not in NETWORKS]:
        raise Refusal(f"networks.{unknown[0]} is no role.{nearest(unknown[0], NETWORKS)}")
    activation = space.output_activation()
    context = {"shape": space.shape, "latent": prior.size, "condition": condition, "output_activation": activation}
    contexts = {"critic": context | (inputs or CriticInput()).context(space, prior, condition)}
    try:
        return {
            role: make(NETWORKS[role], spec, f"networks.{role}", **contexts.get(role, context))
            for role, spec in specs.items()
        }
    except ShapeRefusal as refusal:
        flags = [f"--{role} {refusal.instead}" for role, spec in specs.items() if spec["name"] != refusal.instead]
        raise Refusal(f"{str(refusal).removesuffix('.')}: `{' '.join(flags)}`.") from None


def likelihood_of(spec: Spec, space: Space) -> nn.Module:
    """The likelihood of samples of this space."""
    return make(LIKELIHOODS, spec, "likelihood", shape=space.shape, output_activation=space.output_activation())


def condition(recipe: Recipe, data: Data) -> int:
    """The width of the networks' condition: of the labels, or 0."""
    return data.labels.size if recipe.conditional and data.labels is not None else 0


def packing(recipe: Recipe) -> int:
    """How many samples the critic scores jointly."""
    count = recipe.game.get("pack", 1)
    at_least(1, "The game", pack=count)
    return count


def game_traits(recipe: Recipe) -> Traits:
    """The traits of the recipe's game."""
    return traits_of(builder_of(GAMES, recipe.game["name"]))


def critic_input(recipe: Recipe, data: Data) -> CriticInput:
    """What the critic of a recipe receives."""
    game = game_traits(recipe)
    classes = data.labels.size if game.learns_classes and data.labels is not None else 0
    return CriticInput(game.critic_input, packing(recipe), classes)


def training_data(recipe: Recipe, root: Path | None = None, scales: Sequence[Sequence[float]] | None = None) -> Data:
    """The data of a recipe; of a conditional one, the samples with labels.

    `scales` are those of numbers as labels in a run that has begun. Raises Refusal for too few labels.
    """
    data = load_data(recipe.data, root)
    if scales is not None and data.labels is not None:
        data = replace(data, labels=replace(data.labels, scales=tuple(Scale(*s) for s in scales)))
    if not recipe.conditional or (part := data.labeled_part()) is data:
        return data
    if not len(part.x) or not len(part.held_out):
        raise Refusal(
            f"Of {data.name!r}, {len(part.x)} training samples and {len(part.held_out)} held-out ones have labels, too "
            "few for a conditional recipe: label more, or leave out --conditional."
        )
    return part


def label_subset(recipe: Recipe, data: Data) -> Tensor | None:
    """Indices of the labels that the critic learns classes from, (K,); None in games that use all labels or none."""
    if not game_traits(recipe).learns_classes:
        if recipe.labelled:
            raise Refusal(
                f"The game {recipe.game['name']!r} does not learn from few labels: leave out --labelled, or use the "
                f"recipe sgan."
            )
        return None
    if recipe.conditional:
        raise Refusal(
            f"The game {recipe.game['name']!r} learns from few labels, and a conditional game uses all of them: leave "
            f"out --conditional."
        )
    return labelled_subset(data, recipe.labelled, recipe.seed)


def check_batch(recipe: Recipe, networks: Mapping[str, nn.Module], samples: int) -> None:
    """Raise Refusal for a batch that does not fit the training samples of a process, the pack, or a batch norm.

    The refusal names a batch that does, or the settings that make one possible.
    """
    pack, needy = packing(recipe), [role for role, network in networks.items() if needs_rows(network)]
    least = 2 * pack if "critic" in needy else max(pack, -(-(2 if needy else 1) // pack) * pack)
    most = samples - samples % pack
    if least <= recipe.batch <= most and recipe.batch % pack == 0:
        return
    limits = [f"a multiple of {pack} (--pack)"] if pack > 1 else []
    limits += [f"at least {least} (the norm 'batch' of the {' and the '.join(needy)})"] if needy else []
    limits += [f"at most {samples:,} (the training samples{' of each process' if world_size() > 1 else ''})"]
    batch = min(max(recipe.batch - recipe.batch % pack, least), most)
    flags = [f"--batch {batch}"]
    if least > most:
        flags = [*(f"--{role}.norm layer" for role in needy), *(["--pack 1"] if pack > 1 else []), f"--batch {samples}"]
    raise Refusal(f"A batch of {recipe.batch:,} does not fit: it must be {', '.join(limits)}. Use {' '.join(flags)}.")


def mixes_samples(critic: nn.Module, recipe: Recipe, data: Data, prior: Prior) -> bool:
    """Whether the critic's score of a sample depends on the rest of the batch, tested on samples of this data."""
    inputs = critic_input(recipe, data)
    indices = torch.randint(len(data.x), (_TEST_INPUTS * inputs.packed,), generator=generator(0, len(data.x)))
    x, y = data.batch(indices.to(data.x.device), recipe.conditional)
    condition = None if y is None else pack(y.cpu(), inputs.packed)
    return is_coupled(critic, inputs.views_of(x.cpu(), prior), condition)


def is_coupled(critic: Critic, views: Views, y: Tensor | None = None) -> bool:
    """Whether changing one row of the views, each (B, ...), changes the score of another row, in training mode.

    A gradient penalty on such a critic does not constrain its gradient norm. The critic, its buffers and the default
    random state are left unchanged.
    """
    with torch.random.fork_rng(), torch.no_grad():
        views, y = tuple(_rows(v) for v in views), None if y is None else _rows(y)
        reseed(0)
        copied = _without_zeros(copy.deepcopy(critic))
        buffers = [(b, b.clone()) for b in copied.buffers()] if isinstance(copied, nn.Module) else []

        def score(views: Views) -> Tensor:
            reseed(0)
            for buffer, before in buffers:
                buffer.copy_(before)
            return (copied(*views) if y is None else copied(*views, y=y)).flatten()

        first, again = score(views), score(views)
        if len(first) != _ROWS:
            return True
        tolerance = 4 * (first - again).abs().max() + _TOLERANCE * first.abs().max()
        return any(
            bool(((score(perturbed) - first).abs() > tolerance)[torch.arange(_ROWS) != row].any())
            for row, perturbed in _perturbed(views)
        )


def _without_zeros(critic: Critic) -> Critic:
    """The critic in training mode, with random weights where all are zero: a layer that has no effect yet will have."""
    if isinstance(critic, nn.Module):
        critic.train()
        for weight in critic.parameters():
            if not weight.any():
                weight.normal_(std=0.1)
    return critic


def _perturbed(views: Views) -> Iterator[tuple[int, Views]]:
    """Copies of the views with one row perturbed, and the number of the row."""
    for size in _SIZES:
        for row in _PERTURBED_ROWS:
            copies = tuple(v.clone() for v in views)
            for i, view in enumerate(copies):
                noise = torch.randn(view[row].shape, generator=generator(row, i))
                view[row] += size * noise.to(view)
            yield row, copies


def _rows(view: Tensor) -> Tensor:
    """The first rows, repeated if there are too few."""
    return view[torch.arange(_ROWS, device=view.device) % len(view)]
