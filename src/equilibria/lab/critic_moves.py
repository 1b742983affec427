"""A game whose generator stands still while its critic moves: what several experiments look at."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from ..data import DATASETS
from ..recipes import RECIPES
from ..recipes.build import build
from ..recipes.settings import with_changes
from ..training.loop import run_rounds, training_mode
from ..training.run import Run
from ..training.step import move

DENSE = {"generator": "dense", "critic": "dense"}


def game(recipe: str, seed: int, changes: Mapping[str, Any], rounds: int = 0) -> Run:
    """A recipe with these changes, after some rounds on a data set of the catalogue."""
    changed = with_changes(RECIPES[recipe](), {"seed": seed, **changes})
    options = {name: value for name, value in changed.data.items() if name != "name"}
    return run_rounds(build(changed, DATASETS[changed.data["name"]](**options)), rounds)


def milestones(moves: int, marks: Sequence[int] = (1, 3, 10, 30, 100, 300, 1000, 2000, 4000)) -> list[int]:
    """The marks up to a number of moves, and that number."""
    return sorted({mark for mark in marks if mark < moves} | {moves})


def critic_moves(run: Run, at: Sequence[int]) -> Iterator[int]:
    """Move the critic alone; stop after each of these numbers of moves, in training mode."""
    critic = tuple(player for player in run.game.players if player.name == "critic")
    with training_mode(run):
        for count in range(1, at[-1] + 1):
            move(run, critic)
            if count in at:
                yield count


def gradient(losses: Tensor, network: nn.Module) -> Tensor:
    """The gradient of the mean loss in a network's weights, flat: (P,)."""
    weights = list(network.parameters())
    parts = torch.autograd.grad(losses.mean(), weights, retain_graph=True)
    return torch.cat([part.flatten() for part in parts])


def latents(run: Run, batches: int, count: int) -> list[Tensor]:
    """Batches of latents that no move has drawn."""
    return [run.game.prior.draw(count) for _ in range(batches)]


def copy_generator(source: Run, target: Run) -> None:
    """Give one game's generator to another."""
    weights: Mapping[str, Tensor] = source.game.networks["generator"].state_dict()
    target.game.networks["generator"].load_state_dict(weights)
