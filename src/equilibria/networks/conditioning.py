"""How a network receives a condition. The table is the registration."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Protocol

import torch
from torch import Tensor, nn

from ..core.catalogue import Catalogue
from ..core.errors import Refusal
from .norms import Norm

ROLES = ("generator", "critic", "encoder")


class LinearBuilder(Protocol):
    """A layer on the features of a critic, started and normed as its head is."""

    def __call__(self, outputs: int, bias: bool = True) -> nn.Module: ...


class ConditionInput(nn.Module):
    """What stands beside an input: `maps` the condition, (B, C), to `extra` numbers, or channels of its image."""

    def __init__(self, maps: nn.Module, extra: int):
        super().__init__()
        self.maps, self.extra = maps, extra

    def forward(self, y: Tensor) -> Tensor:
        """(B, C) -> (B, extra), or (B, extra, H, W)."""
        return self.maps(y)


@dataclass(frozen=True)
class Conditioning:
    """A way of telling a network its condition, of C numbers, by one of four places; the others stay plain."""

    input: Callable[[int, tuple[int, ...]], ConditionInput] | None = None  # C, shape of the input; stands beside it
    norm: Callable[[int, nn.Module, int], nn.Module] | None = None  # C, a norm, its channels -> (h, y) to h
    score: Callable[[int, LinearBuilder], nn.Module] | None = (
        None  # C, a layer -> (features, y) to (B,), added to scores
    )
    classes: Callable[[int, LinearBuilder], nn.Module] | None = (
        None  # C, a layer -> features to logits (B, C); not told y
    )
    roles: tuple[str, ...] = ROLES


def classifier() -> Conditioning:
    """Critics: a second head guesses it; the score is not told (the auxiliary classifier, Odena et al. 2017)."""
    return Conditioning(classes=lambda size, linear: linear(size), roles=("critic",))


class Planes(nn.Module):
    """Each number as a constant plane: (B, C) -> (B, C, H, W)."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, y: Tensor) -> Tensor:
        return y[:, :, None, None].expand(-1, -1, self.height, self.width)


def concat() -> Conditioning:
    """As it is, beside a vector, or as constant planes beside an image's channels (Mirza and Osindero 2014)."""
    return Conditioning(
        input=lambda size, shape: ConditionInput(nn.Identity() if len(shape) == 1 else Planes(*shape[1:]), size)
    )


_NUMBERS = 32  # our choice; the networks' first layers are linear too, so little depends on it


def embedding() -> Conditioning:
    """A learned linear map of it, 32 numbers beside a vector or one plane beside an image (Denton et al. 2015)."""

    def beside(size: int, shape: tuple[int, ...]) -> ConditionInput:
        if len(shape) == 1:
            return ConditionInput(_lookup(size, _NUMBERS), _NUMBERS)
        return ConditionInput(nn.Sequential(_lookup(size, prod(shape[1:])), nn.Unflatten(1, (1, *shape[1:]))), 1)

    return Conditioning(input=beside)


def _lookup(size: int, numbers: int) -> nn.Linear:
    """Of one-hot conditions, `nn.Embedding`; it starts as that does, at the scale of latents."""
    lookup = nn.Linear(size, numbers, bias=False)
    nn.init.normal_(lookup.weight)
    return lookup


class Film(nn.Module):
    """A norm whose scales and shifts move linearly with the condition: plain(h) (1 + gamma y) + beta y.

    It starts as the plain norm, whose own scales and shifts stay: they are those of the condition zero. No norm wraps
    gamma and beta, as none wraps a norm's own.
    """

    listens = True

    def __init__(self, size: int, plain: nn.Module, channels: int):
        super().__init__()
        self.plain = plain
        self.gamma = nn.Parameter(torch.zeros(channels, size))
        self.beta = nn.Parameter(torch.zeros(channels, size))

    def forward(self, h: Tensor, y: Tensor) -> Tensor:
        """(B, F, ...) and (B, C) -> (B, F, ...)."""
        gamma, beta = ((y @ weight.t()).unflatten(1, (-1, *[1] * (h.ndim - 2))) for weight in (self.gamma, self.beta))
        return self.plain(h) * (1 + gamma) + beta


def film() -> Conditioning:
    """Scales and shifts of it in every norm slot (Dumoulin et al. 2017; de Vries et al. 2017; Perez et al. 2018)."""
    return Conditioning(norm=Film)


class Projection(nn.Module):
    """The inner product of the features with the embedded condition: <V y, f>."""

    def __init__(self, size: int, linear: LinearBuilder):
        super().__init__()
        self.embedding = linear(size, bias=False)  # V, transposed: <V y, f> = <y, V' f>

    def forward(self, features: Tensor, y: Tensor) -> Tensor:
        """(B, F) and (B, C) -> (B,)."""
        return (self.embedding(features) * y).sum(dim=1)


def projection() -> Conditioning:
    """Critics: its embedding's inner product with the features is added to scores (Miyato and Koyama 2018)."""
    return Conditioning(score=Projection, roles=("critic",))


class InputLayer(nn.Module):
    """What goes in: vectors joined, or an image, and beside it what is told of the condition."""

    def __init__(self, size: int, shape: tuple[int, ...], beside: Sequence[ConditionInput]):
        super().__init__()
        self.size, self.flat, self.beside = size, len(shape) == 1, nn.ModuleList(beside)
        self.extra = sum(part.extra for part in beside)  # numbers, or channels

    def forward(self, views: tuple[Tensor, ...], y: Tensor | None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B, N + extra) or (B, channels + extra, H, W)."""
        joined = [view.flatten(1) if self.flat else view for view in views]
        joined += [part(y) for part in self.beside]
        return joined[0] if len(joined) == 1 else torch.cat(joined, dim=1)

    def check(self, y: Tensor | None) -> None:
        """Refuse a condition that the network was not built for."""
        width = 0 if y is None else y.shape[1]
        if width != self.size:
            told = "no condition" if y is None else f"a condition of width {width}"
            built = f"one of width {self.size}" if self.size else "none"
            raise Refusal(
                f"A network was given {told} and was built for {built}: pass labels exactly when it is conditional."
            )


@dataclass(frozen=True)
class ConditioningStack:
    """The ways in which one network is told a condition of `size` numbers; none, when that is 0."""

    size: int
    ways: tuple[Conditioning, ...]

    def input_layer(self, *shape: int) -> InputLayer:
        """For inputs of this shape: (N,) or (channels, H, W)."""
        return InputLayer(self.size, shape, [way.input(self.size, shape) for way in self.ways if way.input])

    def norm(self, norm: Norm) -> Norm:
        """The same norm, listening."""
        for way in self.ways:
            norm = _listening(norm, way, self.size)
        return norm

    def score_terms(self, linear: LinearBuilder) -> list[nn.Module]:
        """What is added to scores, each (features, y) -> (B,)."""
        return [way.score(self.size, linear) for way in self.ways if way.score]

    def classes(self, linear: LinearBuilder) -> list[nn.Module]:
        """Heads that guess the condition, each features -> (B, C)."""
        return [way.classes(self.size, linear) for way in self.ways if way.classes]


def _listening(norm: Norm, way: Conditioning, size: int) -> Norm:
    listening = way.norm
    if listening is None:
        return norm
    return replace(norm, after=lambda channels, image: listening(size, norm.after(channels, image), channels))


__all__ = ["CONDITIONINGS", "ConditioningStack", "conditioning_stack"]

CONDITIONINGS = Catalogue(
    "conditioning", concat=concat, embedding=embedding, film=film, projection=projection, classifier=classifier
)


def conditioning_stack(role: str, names: str, size: int) -> ConditioningStack:
    """What this network is told of a condition of `size` numbers, in the ways whose names "+" joins.

    Names are checked where there is no condition, too.
    """
    ways = {name: CONDITIONINGS[name]() for name in names.split("+")}
    for name, way in ways.items():
        if role not in way.roles:
            fit = ", ".join(name for name, builder in CONDITIONINGS.items() if role in builder().roles)
            raise Refusal(f"The conditioning {name!r} is for {way.roles[0]}s and not for {role}s: use {fit}.")
    guessing = [name for name, way in ways.items() if way.classes]
    telling = [name for name, way in ways.items() if way.input or way.norm]
    if guessing and telling:
        raise Refusal(
            f"The conditionings {guessing[0]!r} and {telling[0]!r} cannot be combined: the features would be told what "
            f"the {guessing[0]} is to guess. Use {guessing[0]}, projection+{guessing[0]} or {telling[0]}."
        )
    return ConditioningStack(size, tuple(ways.values()) if size else ())
