"""Priors: the distributions of latents. The catalogue is the registration."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .catalogue import Catalogue
from .errors import Refusal, at_least
from .specs import check


@dataclass(frozen=True)
class LatentPart:
    """Adjacent latent dimensions of one kind: "normal", "uniform" on [-1, 1], or a one-hot "categorical"."""

    kind: str
    place: slice

    @property
    def size(self) -> int:
        return int(self.place.stop - self.place.start)


@dataclass(frozen=True)
class Prior:
    """A distribution of latents."""

    size: int
    _draw: Callable[..., Tensor]  # count, generator=, device=
    parts: tuple[LatentPart, ...] = ()  # of the latent, in order; empty if unknown

    @property
    def is_normal(self) -> bool:
        """Whether all dimensions are independent standard normals."""
        return bool(self.parts) and all(part.kind == "normal" for part in self.parts)

    def draw(self, count: int, generator: torch.Generator | None = None, device: torch.device | None = None) -> Tensor:
        """Latents, by default from the default generator: (count, size)."""
        return self._draw(count, generator=generator, device=device)


def normal(size: int = 128) -> Prior:
    """Independent standard normals.

    `size` is the number of latent dimensions.
    """
    at_least(1, "The prior 'normal'", size=size)
    return Prior(size, lambda count, **on: torch.randn(count, size, **on), (LatentPart("normal", slice(0, size)),))


def uniform(size: int = 100) -> Prior:
    """Uniform on [-1, 1] in every coordinate (Radford et al. 2016).

    `size` is the number of latent dimensions.
    """
    at_least(1, "The prior 'uniform'", size=size)
    part = LatentPart("uniform", slice(0, size))
    return Prior(size, lambda count, **on: torch.rand(count, size, **on) * 2 - 1, (part,))


def categorical(classes: int = 10) -> Prior:
    """One of several classes, equally likely, one-hot (Chen et al. 2016).

    `classes` is the number of classes.
    """
    at_least(1, "The prior 'categorical'", classes=classes)
    part = LatentPart("categorical", slice(0, classes))
    return Prior(classes, lambda count, **on: one_hot(torch.randint(classes, (count,), **on), classes).float(), (part,))


def joint(parts: Sequence[dict[str, Any]] = ()) -> Prior:
    """Several priors concatenated, such as InfoGAN's classes and noise.

    `parts` is the list of priors, each a {"name": ..., **options}, as JSON.
    """
    if not parts:
        raise Refusal('The prior \'joint\' needs parts, for example [{"name": "normal"}, {"name": "categorical"}].')
    priors = [_component(part) for part in parts]

    def draw(count: int, **on: Any) -> Tensor:
        return torch.cat([prior.draw(count, **on) for prior in priors], dim=1)

    return Prior(sum(prior.size for prior in priors), draw, tuple(_shifted_parts(priors)))


def _component(spec: Any) -> Prior:
    """One of the concatenated priors. Raises Refusal for a spec that is none, and for code, which a file might name."""
    if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
        raise Refusal(f"A part of the prior 'joint' is {spec!r}: it must be {{\"name\": ..., and options}}.")
    builder, values = PRIORS[spec["name"]], {option: value for option, value in spec.items() if option != "name"}
    return builder(**{name: check(builder, name, value, f"prior.parts: {name}") for name, value in values.items()})


def _shifted_parts(priors: Sequence[Prior]) -> Iterator[LatentPart]:
    """The parts of concatenated priors, with their places in the whole latent."""
    start = 0
    for prior in priors:
        for part in prior.parts or (LatentPart("unknown", slice(0, prior.size)),):
            yield LatentPart(part.kind, slice(start + part.place.start, start + part.place.stop))
        start += prior.size


PRIORS = Catalogue.of("prior", normal, uniform, categorical, joint)
