"""What the latent is drawn from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from .catalogue import Catalogue, options
from .errors import Refusal, nearest

Draw = Callable[[int, torch.Generator | None, torch.device | None], Tensor]


@dataclass(frozen=True)
class LatentPart:
    """Neighbouring numbers of a latent that are drawn alike: "normal", "uniform" on [-1, 1], or a "categorical"."""

    kind: str
    place: slice

    @property
    def size(self) -> int:
        return int(self.place.stop - self.place.start)


@dataclass(frozen=True)
class Prior:
    """A distribution of latents that can be drawn anywhere."""

    size: int
    _draw: Draw
    parts: tuple[LatentPart, ...] = ()  # of the latent, in order; none where only its author knows

    @property
    def is_normal(self) -> bool:
        """Whether all numbers are independent standard normals."""
        return bool(self.parts) and all(part.kind == "normal" for part in self.parts)

    def draw(self, count: int, generator: torch.Generator | None = None, device: torch.device | None = None) -> Tensor:
        """Latents, from the default generator unless one is given: (count, size)."""
        return self._draw(count, generator, device)


def normal(size: int = 128) -> Prior:
    """Independent standard normals.

    `size` is the number of latent dimensions.
    """
    _positive("normal", "size", size)

    def draw(count: int, generator: torch.Generator | None, device: torch.device | None) -> Tensor:
        return torch.randn(count, size, generator=generator, device=device)

    return Prior(size, draw, (LatentPart("normal", slice(0, size)),))


def uniform(size: int = 100) -> Prior:
    """Uniform on [-1, 1] in every coordinate (Radford et al. 2016).

    `size` is the number of latent dimensions.
    """
    _positive("uniform", "size", size)

    def draw(count: int, generator: torch.Generator | None, device: torch.device | None) -> Tensor:
        return torch.rand(count, size, generator=generator, device=device) * 2 - 1

    return Prior(size, draw, (LatentPart("uniform", slice(0, size)),))


def categorical(classes: int = 10) -> Prior:
    """One of several classes, equally likely, one-hot (Chen et al. 2016).

    `classes` is the number of classes.
    """
    _positive("categorical", "classes", classes)

    def draw(count: int, generator: torch.Generator | None, device: torch.device | None) -> Tensor:
        chosen = torch.randint(classes, (count,), generator=generator, device=device)
        return one_hot(chosen, classes).float()

    return Prior(classes, draw, (LatentPart("categorical", slice(0, classes)),))


def joint(parts: Sequence[dict[str, Any]] = ()) -> Prior:
    """Several priors joined, such as InfoGAN's classes and noise.

    `parts` is the list of priors, each a {"name": ..., **options}, as JSON.
    """
    if not parts:
        raise Refusal('The prior \'joint\' needs parts, for example [{"name": "normal"}, {"name": "categorical"}].')
    priors = [_made(part) for part in parts]

    def draw(count: int, generator: torch.Generator | None, device: torch.device | None) -> Tensor:
        return torch.cat([prior.draw(count, generator, device) for prior in priors], dim=1)

    return Prior(sum(prior.size for prior in priors), draw, tuple(_placed(priors)))


def _made(part: Any) -> Prior:
    """One of the priors side by side. Raises Refusal for a description that is none."""
    if not isinstance(part, dict) or not isinstance(part.get("name"), str):
        raise Refusal(f"A part of the prior 'joint' is {part!r}: it must be {{\"name\": ..., and options}}.")
    builder, said = PRIORS[part["name"]], {option: value for option, value in part.items() if option != "name"}
    for option, value in said.items():
        if option not in options(builder):
            raise Refusal(f"{option} is not an option of {part['name']!r}.{nearest(option, options(builder))}")
        if option != "parts" and (not isinstance(value, int) or isinstance(value, bool)):
            raise Refusal(f"The prior {part['name']!r} has {option} {value!r}: a whole number is needed.")
    return builder(**said)


def _placed(priors: Sequence[Prior]) -> Iterator[LatentPart]:
    """The parts of priors side by side, where they lie then."""
    start = 0
    for prior in priors:
        for part in prior.parts or (LatentPart("unknown", slice(0, prior.size)),):
            yield LatentPart(part.kind, slice(start + part.place.start, start + part.place.stop))
        start += prior.size


def _positive(name: str, option: str, value: int) -> None:
    if value < 1:
        raise Refusal(f"The prior {name!r} has {option} {value}: at least 1 is needed.")


PRIORS = Catalogue("prior", normal=normal, uniform=uniform, categorical=categorical, joint=joint)
