"""Codes and reconstructions of given samples."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from ..core.errors import Refusal
from ..core.posteriors import Gaussian
from ..data.dataset import Space
from .conditions import Asked
from .inputs import Shown, Source, show
from .sampler import Sampler
from .write import side_by_side

_COLUMNS, _SHOWN = 8, 64


@dataclass(frozen=True)
class Pairs:
    """Samples, and what was made from their latents, one for each."""

    space: Space
    names: tuple[str, ...]
    x: Tensor  # (N, *space.shape)
    again: Tensor  # (N, *space.shape)
    latents: Tensor  # (N, Z)
    y: Tensor | None = None  # (N, C), of a conditional model
    made: str = "again"  # what stands beside the second row of a picture
    remarks: tuple[str, ...] = ()

    @property
    def error(self) -> Tensor:
        """Mean squared difference of each sample, per number as networks see it: (N,)."""
        return (self.again - self.x).square().flatten(1).mean(dim=1)

    def picture(self) -> PIL.Image.Image:
        """Originals over what was made, eight abreast, 64 at most; points in one plane."""
        x, again = self.x[:_SHOWN], self.again[:_SHOWN]
        if len(self.space.shape) == 1:
            return self.space.sample_grid(self.again, real=self.x)
        strips = [part for both in zip(x.split(_COLUMNS), again.split(_COLUMNS), strict=True) for part in both]
        return side_by_side(self.space, strips, ["given", self.made] * (len(strips) // 2))

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: `samples`, `originals`, `latents`, `errors`, `files`, and `conditions` if there are."""
        told = {} if self.y is None else {"conditions": self.y.cpu().numpy()}
        return {
            "samples": self.space.decode(self.again),
            "originals": self.space.decode(self.x),
            "latents": self.latents.float().cpu().numpy(),
            "errors": self.error.cpu().numpy(),
            "files": np.array(self.names),
            **told,
        }

    def said(self) -> str:
        """The mean error and the largest."""
        error = self.error
        worst = int(error.argmax())
        return (
            f"{len(error):,} samples {self.made}: mean squared error {error.mean():.4g}, at most {error[worst]:.4g} "
            f"({self.names[worst]}), per number of {_range(self.space)}."
        )


def _range(space: Space) -> str:
    return "points" if len(space.shape) == 1 else "images in [-1, 1]"


_ALONE = (
    "The encoder of this model reads the code alone, classes and uniform numbers: the noise beside it is left at 0, so "
    "what is made of it has the code in common with the sample, not more."
)
NONE = "This model has no encoder: use `invert`, which finds the latents of samples by search."


@dataclass(frozen=True)
class Codes:
    """What an encoder says of samples, each with a name."""

    names: tuple[str, ...]
    mean: Tensor  # (N, Z)
    log_variance: Tensor | None  # (N, Z) of a Gaussian encoder
    y: Tensor | None = None  # (N, C), of a conditional model
    remarks: tuple[str, ...] = ()

    @property
    def deviation(self) -> Tensor | None:
        """Standard deviations of the latents: (N, Z)."""
        return None if self.log_variance is None else (self.log_variance / 2).exp()

    def said(self) -> str:
        """How many there are."""
        kind = "points" if self.log_variance is None else "Gaussians"
        return f"{len(self.names):,} codes, {kind} of {self.mean.shape[1]} numbers,"

    def arrays(self) -> dict[str, np.ndarray]:
        """What an .npz keeps: `latents` (the means), `deviations`, `conditions` and `files`."""
        kept = {"latents": self.mean, "deviations": self.deviation, "conditions": self.y}
        arrays = {name: values.float().cpu().numpy() for name, values in kept.items() if values is not None}
        return arrays | {"files": np.array(self.names)}

    def table(self) -> list[list[str]]:
        """What a .csv keeps: a line each, after that of the titles."""
        numbers = [f"mean {i}" for i in range(self.mean.shape[1])]
        values = self.mean
        if (deviation := self.deviation) is not None:
            numbers += [f"deviation {i}" for i in range(deviation.shape[1])]
            values = torch.cat([values, deviation], dim=1)
        lines = [[name, *map(repr, row)] for name, row in zip(self.names, values.float().tolist(), strict=True)]
        return [["file", *numbers], *lines]


def encoder(model: Sampler) -> Any:
    """The encoder. Raises Refusal if there is none."""
    if "encoder" not in model.networks:
        raise Refusal(NONE)
    return model.networks["encoder"]


def encode(model: Sampler, source: Source = None, labels: Asked | None = None) -> Codes:
    """Encode samples: the encoder's latents of a folder, an image, an array, a data set or a tensor (N, *space.shape).

    Of a Gaussian encoder the mean is the code; nothing is drawn.

    Args:
        source: The samples; default: the held-out part of the run's data.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> model.encode().mean.shape  # the held-out digits
        torch.Size([188, 64])
    """
    encoder(model)
    return codes(model, show(model, source, labels))


@torch.no_grad()
def codes(model: Sampler, shown: Shown) -> Codes:
    """What the encoder says of what it is shown; where it reads but a code, probabilities, and 0 for the noise."""
    found = [encoder(model)(x, y) for x, y in shown.chunks()]
    mean = torch.cat([each.mean.float() for each in found])
    gaussian = [each.log_variance.float() for each in found if isinstance(each, Gaussian)]
    if model.reads != "code":
        return Codes(shown.names, mean, torch.cat(gaussian) if gaussian else None, shown.y, shown.remarks)
    for part in model.prior.parts:
        said = mean[:, part.place]
        mean[:, part.place] = said.softmax(dim=1) if part.kind == "categorical" else said * (part.kind == "uniform")
    return Codes(shown.names, mean, None, shown.y, (*shown.remarks, _ALONE))


def drawable(model: Sampler, mean: Tensor) -> Tensor:
    """Codes (N, Z) as the prior could have drawn them: where they are probabilities, the likeliest category."""
    if model.reads != "code":
        return mean
    z = mean.clone()
    for part in model.prior.parts:
        if part.kind == "categorical":
            z[:, part.place] = one_hot(mean[:, part.place].argmax(dim=1), part.size).to(z)
    return z


def reconstruct(model: Sampler, source: Source = None, *, count: int = 32, labels: Asked | None = None) -> Pairs:
    """Reconstruct samples: the generator's output for their codes, next to the originals.

    Args:
        source: A folder, an image, an array, a data set or a tensor (N, *space.shape); default: held-out data.
        count: Number of samples, evenly spaced over the source.
        labels: For conditional models: class or attributes of samples that have no labels of their own.

    Example:
        >>> model = eq.load("runs/pairs")
        >>> pairs = model.reconstruct(count=16)
        >>> pairs.error.shape
        torch.Size([16])
        >>> pairs.picture().save("pairs.png")
    """
    encoder(model)
    shown = show(model, source, labels).few(count)
    found = codes(model, shown)
    z = drawable(model, found.mean)
    again = model.made(model.noise(z, shown.y), shown.y)
    return Pairs(model.space, shown.names, shown.x, again, z, shown.y, "reconstructed", found.remarks)
