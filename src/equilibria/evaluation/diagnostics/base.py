"""What a diagnostic looks at."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from torch import Tensor, nn
from torch.optim import Optimizer

from ...core.types import Batch
from ...games.game import Game
from ...games.play import Play

Seen = dict[str, object]  # plain values for JSON: numbers, lists of numbers, dictionaries of them


@dataclass(frozen=True)
class Scene:
    """A game as it stands, and material to look at it with: copies, so that nothing done here reaches the run."""

    game: Game  # networks in training mode
    optimizers: Mapping[str, Optimizer]  # of the copies, with the moments they have, by Player.optimizer
    averaged: Mapping[str, nn.Module]  # networks as a moving average keeps them, in evaluation mode
    play: Callable[[int], Play]  # the material of the i-th move: always the same for the same round
    train: Batch  # some training samples, as networks see them: (B, *sample)
    held_out: Batch  # as many that nobody has learned from
    fake: Tensor  # as many of the averaged generator's: (B, *sample)


Diagnostic = Callable[[Scene], Seen]
