"""How a network receives a condition. The catalogue is the registration."""

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
    """Makes a layer on the features of a critic, with the initialization and norm of its head."""

    def __call__(self, outputs: int, bias: bool = True) -> nn.Module: ...


class ConditionInput(nn.Module):
    """An additional input: `maps` the condition, (B, C), to `extra` numbers, or to channels of an image."""

    def __init__(self, maps: nn.Module, extra: int):
        super().__init__()
        self.maps, self.extra = maps, extra

    def forward(self, y: Tensor) -> Tensor:
        """(B, C) -> (B, extra), or (B, extra, H, W)."""
        return self.maps(y)


@dataclass(frozen=True)
class Conditioning:
    """Where a network receives its condition, of C numbers: one of four fields is set."""

    input: Callable[[int, tuple[int, ...]], ConditionInput] | None = None  # C, shape of the input; concatenated to it
    norm: Callable[[int, nn.Module, int], nn.Module] | None = None  # C, a norm, its channels -> (h, y) to h
    score: Callable[[int, LinearBuilder], nn.Module] | None = None  # C, a layer -> (features, y) to (B,), added
    classes: Callable[[int, LinearBuilder], nn.Module] | None = None  # C, a layer -> features to logits (B, C)
    roles: tuple[str, ...] = ROLES


def classifier() -> Conditioning:
    """Critics: a second head predicts it; the score does not depend on it (auxiliary classifier, Odena et al. 2017)."""
    return Conditioning(classes=lambda size, linear: linear(size), roles=("critic",))


class Planes(nn.Module):
    """Each number as a constant channel: (B, C) -> (B, C, H, W)."""

    def __init__(self, height: int, width: int):
        super().__init__()
        self.height, self.width = height, width

    def forward(self, y: Tensor) -> Tensor:
        return y[:, :, None, None].expand(-1, -1, self.height, self.width)


def concat() -> Conditioning:
    """Concatenated to a vector, or to an image as constant channels (Mirza and Osindero 2014)."""
    return Conditioning(
        input=lambda size, shape: ConditionInput(nn.Identity() if len(shape) == 1 else Planes(*shape[1:]), size)
    )


_SIZE = 32  # our choice; the networks' first layers are linear too, so little depends on it


def embedding() -> Conditioning:
    """A learned linear map of it, concatenated: 32 numbers, or one channel of an image (Denton et al. 2015)."""

    def build(size: int, shape: tuple[int, ...]) -> ConditionInput:
        if len(shape) == 1:
            return ConditionInput(_lookup(size, _SIZE), _SIZE)
        return ConditionInput(nn.Sequential(_lookup(size, prod(shape[1:])), nn.Unflatten(1, (1, *shape[1:]))), 1)

    return Conditioning(input=build)


def _lookup(size: int, outputs: int) -> nn.Linear:
    """For one-hot conditions the same as `nn.Embedding`, with its initialization, at the scale of latents."""
    lookup = nn.Linear(size, outputs, bias=False)
    nn.init.normal_(lookup.weight)
    return lookup


class Film(nn.Module):
    """A norm with scales and shifts linear in the condition: plain(h) (1 + gamma y) + beta y.

    At initialization it equals the plain norm, whose own scales and shifts are those of the condition zero. Weight or
    spectral norm does not apply to gamma and beta, nor to a norm's own parameters.
    """

    takes_condition = True

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
    """Norms with scales and shifts linear in it (Dumoulin et al. 2017; de Vries et al. 2017; Perez et al. 2018)."""
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
    """Critics: the inner product of its embedding with the features is added to scores (Miyato and Koyama 2018)."""
    return Conditioning(score=Projection, roles=("critic",))


class InputLayer(nn.Module):
    """The input of a network: concatenated vectors, or an image, and inputs for the condition."""

    def __init__(self, size: int, shape: tuple[int, ...], beside: Sequence[ConditionInput]):
        super().__init__()
        self.size, self.flat = size, len(shape) == 1
        self.beside = nn.ModuleList(beside)  # a name in stored weights
        self.extra = sum(part.extra for part in beside)  # numbers, or channels

    def forward(self, views: tuple[Tensor, ...], y: Tensor | None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B, N + extra) or (B, channels + extra, H, W)."""
        inputs = [view.flatten(1) if self.flat else view for view in views] + [part(y) for part in self.beside]
        return inputs[0] if len(inputs) == 1 else torch.cat(inputs, dim=1)

    def check(self, y: Tensor | None) -> None:
        """Raise Refusal for a condition of another width than that of the network."""
        width = 0 if y is None else y.shape[1]
        if width != self.size:
            condition = "no condition" if y is None else f"a condition of width {width}"
            expected = f"one of width {self.size}" if self.size else "none"
            raise Refusal(
                f"A network received {condition} and was built for {expected}: pass labels if and only if it is "
                "conditional."
            )


@dataclass(frozen=True)
class ConditioningStack:
    """The conditionings of one network, for a condition of `size` numbers; none if that is 0."""

    size: int
    parts: tuple[Conditioning, ...]

    def input_layer(self, *shape: int) -> InputLayer:
        """For inputs of this shape: (N,) or (channels, H, W)."""
        return InputLayer(self.size, shape, [part.input(self.size, shape) for part in self.parts if part.input])

    def norm(self, norm: Norm) -> Norm:
        """The norm with its layers conditioned."""
        for condition in (part.norm for part in self.parts if part.norm):
            norm = _conditioned(norm, condition, self.size)
        return norm

    def score_terms(self, linear: LinearBuilder) -> list[nn.Module]:
        """Summands of scores, each (features, y) -> (B,)."""
        return [part.score(self.size, linear) for part in self.parts if part.score]

    def classes(self, linear: LinearBuilder) -> list[nn.Module]:
        """Heads that predict the condition, each features -> (B, C)."""
        return [part.classes(self.size, linear) for part in self.parts if part.classes]


def _conditioned(norm: Norm, condition: Callable[[int, nn.Module, int], nn.Module], size: int) -> Norm:
    return replace(norm, after=lambda channels, image: condition(size, norm.after(channels, image), channels))


CONDITIONINGS = Catalogue.of("conditioning", concat, embedding, film, projection, classifier)


def conditioning_stack(role: str, names: str, size: int) -> ConditioningStack:
    """The conditionings of a network by their names, joined by "+", for a condition of `size` numbers.

    Raises Refusal for names that are unknown or do not fit, also if there is no condition.
    """
    parts = {name: CONDITIONINGS[name]() for name in names.split("+")}
    for name, part in parts.items():
        if role not in part.roles:
            valid = ", ".join(name for name, builder in CONDITIONINGS.items() if role in builder().roles)
            raise Refusal(f"The conditioning {name!r} is for {part.roles[0]}s and not for {role}s: use {valid}.")
    heads = [name for name, part in parts.items() if part.classes]
    inputs = [name for name, part in parts.items() if part.input or part.norm]
    if heads and inputs:
        raise Refusal(
            f"The conditionings {heads[0]!r} and {inputs[0]!r} cannot be combined: the features would contain what "
            f"the {heads[0]} is to predict. Use {heads[0]}, projection+{heads[0]} or {inputs[0]}."
        )
    return ConditioningStack(size, tuple(parts.values()) if size else ())
