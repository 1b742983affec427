"""A trained model and everything it can do."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import PIL.Image
import torch
from torch import Tensor, nn

from ..core.errors import Refusal
from ..core.posteriors import Gaussian
from ..core.priors import Prior
from ..core.seeding import generator
from ..data import Data
from ..data.dataset import Labels, Space
from ..recipes.build_networks import CriticInput
from . import critic_outputs, encoding, hub, interpolation, inversion, latent_directions, rejection
from .conditions import Conditions, LabelQuery, encode_labels
from .export import export as export_network
from .features import features as hidden_features
from .features import layer_shapes
from .latents import truncate
from .model_folder import read_recipe
from .probe import ProbeOptions, Report, probe, untrained

_CONDITIONS, _TRUNCATION = -3, -4  # places of the conditions drawn with the latents, and of what truncation draws
_SAMPLES = CriticInput()


@dataclass(frozen=True, repr=False)
class Model:
    """A trained model: its networks, with the prior and the labels to draw samples.

    Tensors of samples are as networks see them: images (N, C, H, W) in [-1, 1], points (N, 2). A conditional model
    takes `labels`: a class by name or number (7, "trouser"), several of them ("0..9", [3, 5]), attributes
    ("smiling,young=0.5") or numbers ([0.2, 0.7]).
    """

    networks: nn.ModuleDict
    space: Space
    prior: Prior
    labels: Labels | None = None  # of the data; the networks see them if there are conditions
    conditions: Conditions | None = None
    critic_input: CriticInput = _SAMPLES
    encoder_output: str = "latents"  # or their "code" alone, categories as logits (InfoGAN)
    folder: Path | None = None  # of its files

    CHUNK: ClassVar[int] = 64  # samples are computed this many at a time, so that none depends on the count

    def sample(
        self, count: int, seed: int = 0, labels: LabelQuery | None = None, truncation: float | None = None
    ) -> Tensor:
        """Draw samples: (count, *space.shape).

        Sample i depends on the seed, i, its label and the truncation only; its latent on the seed and i. Several
        labels take turns: sample i has the label i % N. Without labels they are drawn as in the training data. With
        `truncation`, normal latent values beyond it are drawn again.

        Example:
            >>> model = eq.load("runs/digits")
            >>> model.sample(4, seed=1, labels=7).shape
            torch.Size([4, 1, 8, 8])
        """
        batches = self.batches(count, seed, labels, truncation)
        return torch.cat([torch.empty(0, *self.space.shape, device=self.device), *(x for x, _ in batches)])

    def images(self, samples: Tensor | int = 16, **options: Any) -> list[PIL.Image.Image]:
        """PIL images of samples (N, C, H, W), or of so many new ones, with the options of `sample`.

        Raises Refusal for a model of other samples.

        Example:
            >>> model = eq.load("runs/digits")
            >>> [image.size for image in model.images(2, seed=1, labels=[3, 7])]
            [(8, 8), (8, 8)]
        """
        x = self.sample(samples, **options) if isinstance(samples, int) else samples
        if len(self.space.shape) != 3 or self.space.shape[0] not in (1, 3):
            raise Refusal(f"Samples of {' x '.join(map(str, self.space.shape))} are no gray or RGB images: use sample.")
        return [PIL.Image.fromarray(pixels.squeeze(-1)) for pixels in self.space.decode(x)]

    def batches(
        self, count: int, seed: int = 0, labels: LabelQuery | None = None, truncation: float | None = None
    ) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Draw the same samples at most 64 at a time, each batch with its conditions (B, labels.size) or None.

        Example:
            >>> model = eq.load("runs/digits")
            >>> [len(x) for x, _ in model.batches(100)]
            [64, 36]
        """
        fixed = None if labels is None else self.conditions_of(labels)
        for start in range(0, count, self.CHUNK):
            noise, y = self.draw_noise(self.CHUNK, (seed, start // self.CHUNK), truncation)
            if fixed is not None:
                y = fixed[(start + torch.arange(self.CHUNK)) % len(fixed)].to(noise.device)
            yield self.generate(noise, y)[: count - start], None if y is None else y[: count - start]

    @torch.no_grad()
    def generate(self, noise: Tensor, y: Tensor | None = None) -> Tensor:
        """Samples of draws of the prior (N, Z), under conditions (N, C) if there are any: (N, *space.shape).

        Example:
            >>> model = eq.load("runs/pairs")
            >>> model.generate(torch.zeros(2, 64)).shape
            torch.Size([2, 1, 8, 8])
        """
        parts = [torch.empty(0, *self.space.shape, device=noise.device)]
        for start in range(0, len(noise), self.CHUNK):
            rows = (start + torch.arange(self.CHUNK, device=noise.device)).clamp(max=len(noise) - 1)
            z, condition = noise[rows], None if y is None else y[rows]
            x = self.networks["generator"](self.latents_of(z, condition), condition)
            parts.append(x.float()[: len(noise) - start])
        return torch.cat(parts)

    def latents_of(self, noise: Tensor, y: Tensor | None = None) -> Tensor:
        """The generator's input (N, Z) for draws of the prior (N, Z): a conditional prior shifts and scales them.

        Example:
            >>> eq.load("runs/pairs").latents_of(torch.zeros(2, 64)).shape
            torch.Size([2, 64])
        """
        if "prior" not in self.networks:
            return noise
        expected: Gaussian = self.networks["prior"](y)
        return expected.mean + (expected.log_variance / 2).exp() * noise

    def noise_of(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The draws of the prior (N, Z) that `latents_of` maps to these latents (N, Z).

        Example:
            >>> eq.load("runs/pairs").noise_of(torch.zeros(2, 64)).shape
            torch.Size([2, 64])
        """
        if "prior" not in self.networks:
            return z
        expected: Gaussian = self.networks["prior"](y)
        return (z - expected.mean) * (-expected.log_variance / 2).exp()

    def draw_noise(
        self, count: int, place: tuple[int, ...], truncation: float | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Draws of the prior (count, Z) and conditions (count, C) or None; the same for the same place, a tuple.

        Example:
            >>> noise, y = eq.load("runs/digits").draw_noise(4, (0, 1))
            >>> noise.shape, y.shape
            (torch.Size([4, 128]), torch.Size([4, 10]))
        """
        noise = self.prior.draw(count, generator(*place))
        if truncation is not None:
            noise = truncate(noise, self.prior, truncation, generator(*place, _TRUNCATION))
        if self.conditions is None:
            return noise.to(self.device), None
        y = self.conditions.draw(count, generator(*place, _CONDITIONS))
        return noise.to(self.device), y.to(self.device)

    def draw_latents(self, count: int, *place: int) -> tuple[Tensor, Tensor | None]:
        """The generator's inputs at this place: latents (count, Z), and conditions (count, C) or None.

        Example:
            >>> z, y = eq.load("runs/digits").draw_latents(4, 0, 1)
            >>> z.shape, y.shape
            (torch.Size([4, 128]), torch.Size([4, 10]))
        """
        noise, y = self.draw_noise(count, place)
        return self.latents_of(noise, y), y

    def conditions_of(self, labels: LabelQuery) -> Tensor:
        """Labels as conditions: (N, labels.size). Raises Refusal for labels that the model was not trained with.

        Example:
            >>> eq.load("runs/digits").conditions_of("0..3").shape
            torch.Size([4, 10])
        """
        return encode_labels(labels, self.labels if self.conditions is not None else None)

    @property
    def device(self) -> torch.device:
        """The device of the networks."""
        return next(self.networks.parameters()).device

    @property
    def condition_size(self) -> int:
        """The width C of conditions; 0 for an unconditional model."""
        return 0 if self.conditions is None else self.conditions.rows.shape[1]

    interpolate = interpolation.interpolate
    arithmetic = latent_directions.arithmetic
    traverse = interpolation.traverse
    encode = encoding.encode
    reconstruct = encoding.reconstruct
    invert = inversion.invert
    attribute = latent_directions.attribute
    score = critic_outputs.score
    classify = critic_outputs.classify
    features = hidden_features
    layers = layer_shapes
    reject = rejection.reject
    export = export_network
    save_pretrained = hub.save_pretrained
    push_to_hub = hub.push_to_hub

    def probe(self, data: Data, **options: Any) -> Report:
        """Linear-probe features for classes, against raw pixels and the untrained network; see `ProbeOptions`.

        Example:
            >>> model = eq.load("runs/digits")
            >>> report = model.probe(eq.DATASETS["digits"](), train=200, test=100)
            >>> [row.name for row in report.rows]
            ['raw pixels', 'critic, untrained', 'critic, trained']
        """
        seed = int(read_recipe(self.folder).get("seed", 0))
        return probe(self, untrained(self, seed), data, ProbeOptions(**options))

    def _repr_png_(self) -> bytes:
        """A grid of samples, for notebooks."""
        self.space.sample_grid(self.sample(self.CHUNK)).save(buffer := io.BytesIO(), "PNG")
        return buffer.getvalue()

    def __repr__(self) -> str:
        kind = f"conditional on {self.labels}" if self.conditions else "unconditional"
        return f"Model({' x '.join(map(str, self.space.shape))}, {self.prior.size} latent dimensions, {kind})"
