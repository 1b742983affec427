"""Somebody's own divergence or penalty, held to the promises that fit it."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..core.errors import Refusal
from ..core.imports import imported
from ..terms.divergences import Divergence
from ..terms.penalties import Penalty
from .claims import Finding
from .promises import DIVERGENCE_PROMISES, FACTS_PROMISES, PENALTY_PROMISES, Promise, kept
from .promises.compiling import BY_HAND

_WANTED = "`equilibria verify` wants a function without required arguments that returns a divergence or a penalty"


def examined(subject: str | Callable[..., Any]) -> Iterator[Finding]:
    """What its kind must keep, one by one; what it returns tells the kind."""
    name = subject if isinstance(subject, str) else getattr(subject, "__name__", "it")
    made = _made(name, _found(subject) if isinstance(subject, str) else subject)
    if isinstance(made(), Divergence):
        promises: tuple[Promise[Any], ...] = (
            *DIVERGENCE_PROMISES,
            *(FACTS_PROMISES if made().facts is not None else ()),
        )
    else:
        promises = PENALTY_PROMISES
    return (_pardoned(finding) for finding in kept(promises, made))


def _pardoned(finding: Finding) -> Finding:
    """A slope taken by torch.autograd.grad is right: only ours must compile."""
    return replace(finding, passed=True, wrong="") if finding.got == BY_HAND else finding


def _found(name: str) -> Callable[..., Any]:
    try:
        return imported(name, "function")
    except Refusal:
        raise
    except Exception as error:
        raise Refusal(f"{name!r} cannot be imported: {_words(error)}.") from error


def _made(name: str, function: Callable[..., Any]) -> "Maker":
    """What makes the subject anew: a builder, or a penalty itself, told by its one required argument."""
    try:
        wanted = [p for p in inspect.signature(function).parameters.values() if _is_required(p)]
    except ValueError:
        raise Refusal(f"{name!r} does not say what it takes: {_WANTED}.") from None
    if len(wanted) == 1:
        return Maker(lambda: function, None)
    if wanted:
        raise Refusal(f"{name!r} takes {', '.join(p.name for p in wanted)}: {_WANTED}, or a penalty of one duel.")
    try:
        returned = function()
    except Exception as error:
        raise Refusal(f"{name!r} cannot be built: {_words(error)}.") from error
    if not isinstance(returned, Divergence) and not callable(returned):
        raise Refusal(f"{name!r} returns {type(returned).__name__}: {_WANTED}.")
    weight = inspect.signature(function).parameters.get("weight")
    return Maker(function, None if weight is None else weight.default)


class Maker:
    """Makes the subject anew, and knows the weight that it is said to have."""

    def __init__(self, make: Callable[[], Divergence | Penalty], weight: float | None):
        self.make, self.weight = make, weight

    def __call__(self) -> Any:
        """The subject, as it is before it has seen anything."""
        return self.make()


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def _words(error: Exception) -> str:
    first = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first}".rstrip(": .")
