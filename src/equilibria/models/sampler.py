"""A model that draws samples: networks, prior, conditions, truncation."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.posteriors import Gaussian
from ..core.priors import Prior
from ..core.seeding import generator
from ..data.dataset import Labels, Space
from .conditions import Asked, Conditions, asked_for


def truncated(noise: Tensor, prior: Prior, threshold: float, generator: torch.Generator) -> Tensor:
    """The same draws of a prior, (N, Z), but normal numbers beyond the threshold drawn again until they are within it.

    The truncation trick (Brock et al. 2019, section 3.1). What lies within stays; parts that are not normal stay too.
    """
    if not (math.isfinite(threshold) and threshold > 0):
        raise Refusal(f"truncation is {threshold:g}: a number above 0 is needed, such as 0.7.")
    normal = torch.zeros(prior.size, dtype=torch.bool)
    for part in prior.parts:
        normal[part.place] = part.kind == "normal"
    if not normal.any():
        kinds = " and ".join(sorted({part.kind for part in prior.parts})) or "of an unknown kind"
        raise Refusal(f"Truncation is for normal latents; those of this model are {kinds}: leave it out.")
    return torch.where(normal & (noise.abs() > threshold), _within(noise.shape, threshold, generator), noise)


def _within(shape: torch.Size, threshold: float, generator: torch.Generator) -> Tensor:
    """Standard normals under the condition that they are within the threshold, by their distribution's inverse."""
    share = 2 * torch.rand(shape, generator=generator, dtype=torch.float64) - 1
    found = math.sqrt(2) * torch.erfinv(share * math.erf(threshold / math.sqrt(2)))
    return found.float().clamp(-threshold, threshold)


CHUNK = 64  # samples are always made this many at a time, so that one does not depend on how many were asked for
_TOLD, _REDRAWN = -3, -4  # places of the conditions that are drawn beside latents, and of what truncation draws
UNCONDITIONAL = (
    "This model was trained without labels, so none can be asked of it: train a conditional one on data with labels, "
    "with --conditional (in Python, conditional=True)."
)


@dataclass(frozen=True)
class Sampler:
    """The networks a run leaves behind, with what is needed to use them: `sample(64, seed=1)` draws.

    If `conditions` are known, `sample(64, labels=7)` draws of a label; see `asking.asked_for` for what can be asked.
    """

    networks: nn.ModuleDict
    space: Space
    prior: Prior
    labels: Labels | None = None  # of the data; the networks see them if there are conditions
    conditions: Conditions | None = None
    packed: int = 1  # samples that the critic is shown as one
    sees: str = "samples"  # what the critic is shown: "samples", "pairs" with their latents, or "latents"
    classes: int = 0  # that the critic tells, of labels that no network is told
    reads: str = "latents"  # what the encoder answers: "latents", or their "code" alone, of categories logits (InfoGAN)
    place: Path | None = None  # the folder of its files

    def sample(self, count: int, seed: int = 0, labels: Asked | None = None, truncation: float | None = None) -> Tensor:
        """Draws from the model, as networks see them: (count, *space.shape).

        Sample i depends on the seed, i, its label and the truncation alone; its latent on the seed and i. Several
        labels take turns: sample i is of labels[i % N]. Without, labels are drawn as often as the training data have
        them. With `truncation`, normal numbers of latents beyond it are drawn again.

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.sample(4, seed=1, labels=7).shape
            torch.Size([4, 1, 8, 8])
        """
        if count < 1:
            return torch.empty(0, *self.space.shape)
        return torch.cat(list(self.batches(count, seed, labels, truncation)))

    def batches(
        self, count: int, seed: int = 0, labels: Asked | None = None, truncation: float | None = None
    ) -> Iterator[Tensor]:
        """The same draws a chunk at a time: (at most 64, *space.shape)."""
        return (x for x, _ in self.draws(count, seed, labels, truncation))

    def draws(
        self, count: int, seed: int = 0, labels: Asked | None = None, truncation: float | None = None
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """The same chunks, each with its conditions, (at most 64, labels.size), or None."""
        asked = None if labels is None else self.asked(labels)
        for chunk in range(-(-count // CHUNK)):
            noise, y = self.material(CHUNK, (seed, chunk), truncation)
            if asked is not None:
                y = asked[(chunk * CHUNK + torch.arange(CHUNK)) % len(asked)].to(noise.device)
            left = count - chunk * CHUNK
            yield self.made(noise, y)[:left], None if y is None else y[:left]

    @torch.no_grad()
    def made(self, noise: Tensor, y: Tensor | None = None) -> Tensor:
        """Samples from draws of the prior (N, Z), under conditions (N, C) if there are: (N, *space.shape)."""
        made = []
        for start in range(0, len(noise), CHUNK):
            part, told = noise[start : start + CHUNK], None if y is None else y[start : start + CHUNK]
            whole = torch.arange(CHUNK, device=noise.device).clamp(max=len(part) - 1)
            part, told = part[whole], None if told is None else told[whole]
            made.append(self.networks["generator"](self.latent(part, told), told).float()[: len(noise) - start])
        return torch.cat(made) if made else torch.empty(0, *self.space.shape)

    def latent(self, noise: Tensor, y: Tensor | None = None) -> Tensor:
        """What the generator is given: the noise (N, Z), or what a prior that is told the condition makes of it."""
        if "prior" not in self.networks:
            return noise
        expected: Gaussian = self.networks["prior"](y)
        return expected.mean + (expected.log_variance / 2).exp() * noise

    def noise(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The draws of the prior that `latent` makes these latents of: (N, Z)."""
        if "prior" not in self.networks:
            return z
        expected: Gaussian = self.networks["prior"](y)
        return (z - expected.mean) * (-expected.log_variance / 2).exp()

    def material(
        self, count: int, place: tuple[int, ...], truncation: float | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """What belongs to this place: draws of the prior (count, Z), and conditions (count, C) as in the data."""
        noise = self.prior.draw(count, generator(*place))
        if truncation is not None:
            noise = truncated(noise, self.prior, truncation, generator(*place, _REDRAWN))
        if self.conditions is None:
            return noise.to(self.device), None
        told = self.conditions.draw(count, generator(*place, _TOLD))
        return noise.to(self.device), told.to(self.device)

    def drawn(self, count: int, *place: int) -> tuple[Tensor, Tensor | None]:
        """What the generator is given at this place: latents (count, Z), and conditions (count, C) or None."""
        noise, y = self.material(count, place)
        return self.latent(noise, y), y

    @property
    def device(self) -> torch.device:
        """Where the networks are."""
        return next(self.networks.parameters()).device

    def asked(self, labels: Asked) -> Tensor:
        """The conditions that are meant: (N, labels.size). Raises Refusal for what this model does not know."""
        if self.conditions is None or self.labels is None:
            raise Refusal(UNCONDITIONAL)
        return asked_for(labels, self.labels)

    def __repr__(self) -> str:
        told = f"conditional on {self.labels}" if self.conditions else "unconditional"
        return f"Model({' x '.join(map(str, self.space.shape))}, from {self.prior.size} latent numbers, {told})"
