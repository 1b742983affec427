"""A user's own generator or critic: a module, a class or a function that makes one, called as simply as it allows."""

import copy
import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn

from ..core.errors import Refusal, first_line
from ..core.seeding import generator

_CONTEXT = {"generator": ("shape", "latent", "condition"), "critic": ("shape", "latent", "condition", "second_view")}


class OwnGenerator(nn.Module):
    """A user's generator, whose samples get the shape of the data."""

    def __init__(self, network: nn.Module, shape: tuple[int, ...]):
        super().__init__()
        self.network, self.shape = network, shape

    def raw(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """The input of the output activation: (B, Z), (B, C)? -> (B, *sample). Raises Refusal without such a method."""
        if not callable(raw := getattr(self.network, "raw", None)):
            raise Refusal(
                f"This game reads the generator's output before its last activation: give {type(self.network).__name__}"
                " a method raw(z) that returns it, (B, *sample)."
            )
        return self._call(raw, z, y)

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        """(B, Z), (B, C)? -> (B, *sample)."""
        return self._call(self.network, z, y)

    def _call(self, function: Callable[..., Tensor], z: Tensor, y: Tensor | None) -> Tensor:
        return (function(z) if y is None else function(z, y)).reshape(z.shape[0], *self.shape)


class OwnCritic(nn.Module):
    """A user's critic, whose scores become one number per sample."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, *views: Tensor, y: Tensor | None = None) -> Tensor:
        """Views, each (B, ...), and (B, C)? -> (B,)."""
        scores = self.network(*views) if y is None else self.network(*views, y)
        return scores.reshape(views[0].shape[0])


def own_generator(part: Any) -> Callable[..., nn.Module]:
    """A builder of a user's own generator."""
    return _builder(part, "generator", OwnGenerator)


def own_critic(part: Any) -> Callable[..., nn.Module]:
    """A builder of a user's own critic."""
    return _builder(part, "critic", lambda network, shape: OwnCritic(network))


def _builder(part: Any, role: str, wrap: Callable[..., nn.Module]) -> Callable[..., nn.Module]:
    """A builder that also takes what the trial needs, and wraps a module whose call is another than ours."""
    if isinstance(part, nn.Module):
        function: Callable[..., nn.Module] = lambda: copy.deepcopy(part)  # noqa: E731
    else:
        function = part
    parameters = dict(inspect.signature(function).parameters)

    def build(**arguments: Any) -> nn.Module:
        network = function(**{name: value for name, value in arguments.items() if name in parameters})
        if not isinstance(network, nn.Module):
            raise Refusal(f"The {role} is {type(network).__name__}: it must be a torch.nn.Module.")
        context = [arguments[name] for name in _CONTEXT[role]]
        if isinstance(part, nn.Module) or not _has_our_call(network):
            _try(network, wrap(network, context[0]), role, *context)
            network = wrap(network, context[0])
        return network

    if not isinstance(part, nn.Module):
        wraps(part)(build)
    keyword = inspect.Parameter.POSITIONAL_OR_KEYWORD
    more = [inspect.Parameter(name, keyword) for name in _CONTEXT[role] if name not in parameters]
    own = sorted([*more, *parameters.values()], key=lambda p: (p.kind, p.default is not p.empty))
    vars(build)["__signature__"] = inspect.Signature(own)
    return build


def _has_our_call(network: nn.Module) -> bool:
    """Whether a network takes a condition y, or None: builders of such networks are used as they are."""
    return getattr(inspect.signature(network.forward).parameters.get("y"), "default", 0) is None


def takes_condition(network: nn.Module) -> bool:
    """Whether a network's call takes a condition, too: as a second argument, or by the name y."""
    parameters = inspect.signature(network.forward).parameters.values()
    places = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return "y" in {p.name for p in parameters} or len(places) > 1 or any(p.kind == p.VAR_POSITIONAL for p in parameters)


def _try(
    network: nn.Module,
    whole: nn.Module,
    role: str,
    shape: tuple[int, ...],
    latent: int,
    condition: int,
    second: int = 0,
) -> None:
    """Call a copy on two rows. Raises Refusal if its arguments or its results have other shapes."""
    if torch.empty(0).is_meta:  # only its size is asked for
        return
    title, sizes = type(network).__name__, (latent,) if role == "generator" else shape
    if condition and not takes_condition(network):
        raise Refusal(f"The {role} {title} takes no condition: give it forward(..., y), or leave out conditional.")
    inputs = [torch.randn(2, *sizes, generator=generator(0)), *([torch.randn(2, second)] if second else [])]
    y = torch.zeros(2, condition) if condition else None
    result = f"samples (B, {', '.join(map(str, shape))})" if role == "generator" else "scores (B,)"
    takes = f"It is called with {'latents' if role == 'generator' else 'samples'} (B, {', '.join(map(str, sizes))})"
    first = next((m.in_features for m in network.modules() if isinstance(m, nn.Linear)), latent)
    advice = f' With prior={{"name": "normal", "size": {first}}} latents have {first} numbers.'
    advice = advice if role == "generator" and first != latent else ""
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            place = next(whole.parameters(), inputs[0]).device
            copy.deepcopy(whole).eval()(*(x.to(place) for x in inputs), y=None if y is None else y.to(place))
    except RuntimeError as error:
        raise Refusal(
            f"The {role} {title} does not fit: {first_line(error).rstrip('.')}. {takes} and must return {result}."
            f"{advice}"
        ) from error
