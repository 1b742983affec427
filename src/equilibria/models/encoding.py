"""Codes and reconstructions of a user's samples."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..core.posteriors import Gaussian
from ..data.dataset import Space
from .conditions import LabelQuery
from .critic_outputs import encoder_of
from .grids import captioned
from .inputs import Inputs, Source, read_inputs

if TYPE_CHECKING:
    from .model import Model

_COLUMNS, _LARGEST = 8, 64  # of a picture
_CODE_ONLY = (
    "The encoder of this model reads the code only, classes and uniform numbers, and the noise is 0: a reconstruction "
    "has the code in common with its sample, and no more."
)


@dataclass(frozen=True)
class Reconstructions:
    """Samples, and what the generator makes of a latent for each."""

    space: Space
    names: tuple[str, ...]
    x: Tensor  # (N, *space.shape)
    reconstructed: Tensor  # (N, *space.shape)
    latents: Tensor  # (N, Z)
    y: Tensor | None = None  # (N, C), of a conditional model
    caption: str = "reconstructed"  # of the second row of a picture
    remarks: tuple[str, ...] = ()

    @property
    def error(self) -> Tensor:
        """Mean squared difference of each sample, over the values that networks see: (N,)."""
        return (self.reconstructed - self.x).square().flatten(1).mean(dim=1)

    def picture(self) -> PIL.Image.Image:
        """Originals above reconstructions, eight to a row, 64 at most; points in one plane."""
        if len(self.space.shape) == 1:
            return self.space.sample_grid(self.reconstructed, real=self.x)
        rows = [each[:_LARGEST].split(_COLUMNS) for each in (self.x, self.reconstructed)]
        strips = [row for pair in zip(*rows, strict=True) for row in pair]
        return captioned(self.space, strips, ["given", self.caption] * (len(strips) // 2))

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: `samples`, `originals`, `latents`, `errors`, `files` and, if any, `conditions`."""
        return {
            "samples": self.space.decode(self.reconstructed),
            "originals": self.space.decode(self.x),
            "latents": self.latents.float().cpu().numpy(),
            "errors": self.error.cpu().numpy(),
            "files": np.array(self.names),
            **({} if self.y is None else {"conditions": self.y.cpu().numpy()}),
        }

    def summary(self) -> str:
        """The mean error and the largest."""
        error, values = self.error, "points" if len(self.space.shape) == 1 else "images in [-1, 1]"
        worst = int(error.argmax())
        text = (
            f"{len(error):,} samples {self.caption}: mean squared error {error.mean():.4g}, at most {error[worst]:.4g} "
            f"({self.names[worst]}), per value of {values}."
        )
        return "\n".join([text, *self.remarks])


@dataclass(frozen=True)
class Codes:
    """The encoder's output for samples, each with a name."""

    names: tuple[str, ...]
    mean: Tensor  # (N, Z)
    log_variance: Tensor | None  # (N, Z) of a Gaussian encoder
    y: Tensor | None = None  # (N, C), of a conditional model
    remarks: tuple[str, ...] = ()

    @property
    def std(self) -> Tensor | None:
        """Standard deviations of the latents: (N, Z)."""
        return None if self.log_variance is None else (self.log_variance / 2).exp()

    def summary(self) -> str:
        """The number of codes, and their kind."""
        kind = "points" if self.log_variance is None else "Gaussians"
        return "\n".join([f"{len(self.names):,} codes, {kind} of {self.mean.shape[1]} dimensions.", *self.remarks])

    def arrays(self) -> dict[str, np.ndarray]:
        """The arrays of an .npz: `latents` (the means), `deviations`, `conditions` and `files`."""
        tensors = {"latents": self.mean, "deviations": self.std, "conditions": self.y}
        arrays = {name: values.float().cpu().numpy() for name, values in tensors.items() if values is not None}
        return arrays | {"files": np.array(self.names)}

    def table(self) -> list[list[str]]:
        """The rows of a .csv, after their titles."""
        columns = {"mean": self.mean, "deviation": self.std}
        parts = {name: values for name, values in columns.items() if values is not None}
        titles = [f"{name} {i}" for name, values in parts.items() for i in range(values.shape[1])]
        values = torch.cat(list(parts.values()), dim=1).float().tolist()
        rows = [[name, *map(repr, row)] for name, row in zip(self.names, values, strict=True)]
        return [["file", *titles], *rows]


def encode(model: "Model", source: Source = None, labels: LabelQuery | None = None) -> Codes:
    """Encode samples: the encoder's latents of a folder, an image, an array, a data set or a tensor (N, *space.shape).

    The code of a Gaussian encoder is its mean; nothing is drawn.

    Args:
        source: The samples; default: the held-out part of the run's data.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> model.encode().mean.shape  # the held-out digits
        torch.Size([188, 64])
    """
    encoder_of(model)
    return codes_of(model, read_inputs(model, source, labels))


@torch.no_grad()
def codes_of(model: "Model", inputs: Inputs) -> Codes:
    """The codes of inputs; of an encoder that reads the code only, probabilities, and 0 for the noise."""
    posteriors = [encoder_of(model)(x, y) for x, y in inputs.batches()]
    mean = torch.cat([each.mean.float() for each in posteriors])
    gaussian = [each.log_variance.float() for each in posteriors if isinstance(each, Gaussian)]
    if model.encoder_output != "code":
        return Codes(inputs.names, mean, torch.cat(gaussian) if gaussian else None, inputs.y, inputs.remarks)
    for part in model.prior.parts:
        values = mean[:, part.place]
        mean[:, part.place] = values.softmax(dim=1) if part.kind == "categorical" else values * (part.kind == "uniform")
    return Codes(inputs.names, mean, None, inputs.y, (*inputs.remarks, _CODE_ONLY))


def latents_of_codes(model: "Model", mean: Tensor) -> Tensor:
    """Codes (N, Z) as latents that the prior could draw: of probabilities, the likeliest category."""
    if model.encoder_output != "code":
        return mean
    z = mean.clone()
    for part in model.prior.parts:
        if part.kind == "categorical":
            z[:, part.place] = one_hot(mean[:, part.place].argmax(dim=1), part.size).to(z)
    return z


def reconstruct(
    model: "Model", source: Source = None, *, count: int = 32, labels: LabelQuery | None = None
) -> Reconstructions:
    """Reconstruct samples: the generator's output for their codes, next to the originals.

    Args:
        source: A folder, an image, an array, a data set or a tensor (N, *space.shape); default: held-out data.
        count: Number of samples, evenly spaced over the source.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> result = model.reconstruct(count=16)
        >>> result.error.shape
        torch.Size([16])
        >>> result.picture().save("pairs.png")
    """
    encoder_of(model)
    inputs = read_inputs(model, source, labels).subset(count)
    codes = codes_of(model, inputs)
    z = latents_of_codes(model, codes.mean)
    x = model.generate(model.noise_of(z, inputs.y), inputs.y)
    return Reconstructions(model.space, inputs.names, inputs.x, x, z, inputs.y, remarks=codes.remarks)
