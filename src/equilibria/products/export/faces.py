"""A trained network as a function of named tensors, which is what a file can hold."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ...core.errors import Refusal, nearest
from ...games.views import pack
from ...recipes.model import Model

_NEEDED = {"generator": ("generator", "prior"), "encoder": ("encoder",), "critic": ("critic",)}  # networks of a part
_SEEN = {"samples": ("x",), "pairs": ("x", "z"), "latents": ("z",)}  # by critics
PARTS = tuple(_NEEDED)


class Drawing(nn.Module):
    """Samples from draws of the prior."""

    def __init__(self, model: Model):
        super().__init__()
        self.model, self.networks = model, model.networks

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """(B, Z), (B, C)? -> (B, *sample)."""
        z, y = given[0], given[1] if len(given) > 1 else None
        return (self.networks["generator"](self.model.latent(z, y), y),)


class Encoding(nn.Module):
    """Where the latents of samples lie."""

    def __init__(self, model: Model):
        super().__init__()
        self.networks = model.networks

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """(B, *sample), (B, C)? -> the mean (B, Z), and of a Gaussian the logarithm of the variance (B, Z)."""
        return tuple(self.networks["encoder"](*given))


class Judging(nn.Module):
    """Scores, and of a critic that classifies its guesses too."""

    def __init__(self, model: Model):
        super().__init__()
        self.networks, self.told = model.networks, model.conditions is not None

    def forward(self, *given: Tensor) -> tuple[Tensor, ...]:
        """Views, each (B, ...), and (B, C)? -> scores (B,), and guesses (B, C) if there is a head for them."""
        critic, views = self.networks["critic"], given[:-1] if self.told else given
        scores = critic(*views, y=given[-1]) if self.told else critic(*views)
        return (scores, critic.classify(*views)) if _guesses(critic) else (scores,)  # type: ignore[operator]


@dataclass(frozen=True)
class Face:
    """A part of a model: a module that takes tensors and gives a tuple of them, and their names."""

    part: str
    module: nn.Module
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @torch.no_grad()
    def __call__(self, *given: Tensor) -> tuple[Tensor, ...]:
        """The outputs, (B, ...) each."""
        return self.module(*given)


def face(model: Model, part: str) -> Face:
    """This part of the model. Raises Refusal if the model has none."""
    if part not in _NEEDED:
        raise Refusal(f"No part is called {part!r}.{nearest(part, _NEEDED)}")
    if part not in model.networks:
        raise Refusal(f"This model has no {part}: it has {' and '.join(model.networks)}.")
    networks = nn.ModuleDict({name: model.networks[name] for name in _NEEDED[part] if name in model.networks})
    model = replace(model, networks=networks)
    told = ("y",) if model.conditions is not None else ()
    if part == "generator":
        return Face(part, Drawing(model), ("z", *told), ("samples",))
    if part == "encoder":
        return Face(part, Encoding(model), ("x", *told), ("mean", "log_variance"))
    guesses = ("classes",) if _guesses(networks["critic"]) else ()
    return Face(part, Judging(model), (*_SEEN[model.sees], *told), ("scores", *guesses))


def examples(model: Model, inputs: Sequence[str], part: str, count: int, *place: int) -> tuple[Tensor, ...]:
    """Draws of the prior, samples made of them, conditions: what a part of the model takes, (count, ...) each."""
    packed = model.packed if part == "critic" else 1
    noise, y = model.material(count * packed, place)
    known = {"z": noise if part == "generator" else model.latent(noise, y)}
    known |= {} if y is None else {"y": y}
    known |= {"x": model.made(noise, y)} if "x" in inputs else {}
    return tuple(pack(known[name], packed) if packed > 1 else known[name] for name in inputs)


def _guesses(critic: nn.Module) -> bool:
    return hasattr(critic, "classify")
