"""A trained game, to draw from."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.priors import Prior
from ..core.randomness import generator
from ..data.records import Labels, Space
from .asking import Asked, asked_for
from .conditions import Conditions

_CHUNK = 64  # samples are always made this many at a time, so that one does not depend on how many were asked for
_TOLD = -3  # place of the conditions that are drawn beside latents
UNCONDITIONAL = (
    "This model was trained without labels, so none can be asked of it: train a conditional one on data with labels, "
    "with --conditional (in Python, conditional=True)."
)


@dataclass(frozen=True)
class Model:
    """The networks a run leaves behind, with what is needed to use them: `sample(64, seed=1)` draws.

    If `conditions` are known, `sample(64, labels=7)` draws of a label; see `asking.asked_for` for what can be asked.
    """

    networks: nn.ModuleDict
    space: Space
    prior: Prior
    labels: Labels | None = None  # of the data; the networks see them if there are conditions
    conditions: Conditions | None = None
    packed: int = 1  # samples that the critic is shown as one

    def sample(self, count: int, seed: int = 0, labels: Asked | None = None) -> Tensor:
        """Draws from the model, as networks see them: (count, *space.shape).

        Sample i depends on the seed, i and its label alone; its latent on the seed and i. Several labels take turns:
        sample i is of labels[i % N]. Without, labels are drawn as often as the training data have them.
        """
        return torch.cat(list(self.batches(count, seed, labels))) if count > 0 else torch.empty(0, *self.space.shape)

    def batches(self, count: int, seed: int = 0, labels: Asked | None = None) -> Iterator[Tensor]:
        """The same draws a chunk at a time: (at most 64, *space.shape)."""
        return (x for x, _ in self.draws(count, seed, labels))

    @torch.no_grad()
    def draws(self, count: int, seed: int = 0, labels: Asked | None = None) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The same chunks, each with its conditions, (at most 64, labels.size), or None."""
        asked = None if labels is None else self.asked(labels)
        for chunk in range(-(-count // _CHUNK)):
            z, y = self.drawn(_CHUNK, seed, chunk)
            if asked is not None:
                y = asked[(chunk * _CHUNK + torch.arange(_CHUNK)) % len(asked)].to(z.device)
            left = count - chunk * _CHUNK
            yield self.networks["generator"](z, y).float()[:left], None if y is None else y[:left]

    def drawn(self, count: int, *place: int) -> tuple[Tensor, Tensor | None]:
        """What belongs to this place: latents (count, Z), and conditions (count, C) as often as the data have them."""
        device = next(self.networks.parameters()).device
        z = self.prior.draw(count, generator(*place)).to(device)
        if self.conditions is None:
            return z, None
        return z, self.conditions.draw(count, generator(*place, _TOLD)).to(device)

    def asked(self, labels: Asked) -> Tensor:
        """The conditions that are meant: (N, labels.size). Raises Refusal for what this model does not know."""
        if self.conditions is None or self.labels is None:
            raise Refusal(UNCONDITIONAL)
        return asked_for(labels, self.labels)

    def __repr__(self) -> str:
        told = f"conditional on {self.labels}" if self.conditions else "unconditional"
        return f"Model({' x '.join(map(str, self.space.shape))}, from {self.prior.size} latent numbers, {told})"
