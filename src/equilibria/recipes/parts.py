"""From a part's description, {"name": ..., **options}, to the part."""

import inspect
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

from ..core.catalogue import Catalogue, options
from ..core.errors import Refusal, nearest
from ..core.imports import imported

Spec = dict[str, Any]  # {"name": ..., **options}: plain values


def make(catalogue: Catalogue, spec: Spec, where: str, **context: Any) -> Any:
    """What the spec names, built from its options and the context. Raises Refusal for a wrong name or option."""
    builder = builder_of(catalogue, spec["name"])
    chosen = {name: value for name, value in spec.items() if name != "name"}
    checked = {name: check(builder, name, value, f"{where}.{name}") for name, value in chosen.items()}
    signature = inspect.signature(builder)
    given = {k: v for k, v in context.items() if k in signature.parameters} | checked
    if lacking := [k for k, p in signature.parameters.items() if _must_be_given(p) and k not in given]:
        raise Refusal(f"{where} cannot be made: {spec['name']!r} wants {', '.join(lacking)}, which is not given here.")
    try:
        return builder(**given)
    except Refusal:
        raise
    except ValueError as error:  # a value that a library refuses
        raise Refusal(f"{where} cannot be made: {error}.") from error
    except Exception as error:
        if ":" not in spec["name"]:
            raise
        raise Refusal(f"{where} cannot be made: {spec['name']} raised {type(error).__name__}: {error}.") from error


def _must_be_given(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def builder_of(catalogue: Catalogue, name: str) -> Callable[..., Any]:
    """The catalogue's entry, or the user's own `module:function`, found from the current folder too."""
    return imported(name, catalogue.kind) if ":" in name else catalogue[name]


def check(builder: Callable[..., Any], option: str, value: Any, where: str) -> Any:
    """The value of an option, as its annotation wants it. Raises Refusal if the option or the value does not fit."""
    known = options(builder)
    if option not in known:
        raise Refusal(f"{where} is not an option of {getattr(builder, '__name__', builder)!r}.{nearest(option, known)}")
    annotation = typing.get_type_hints(builder).get(option, Any)
    fitted = fit(value, annotation)
    if fitted is MISFIT:
        raise Refusal(f"{where} is {value!r}: it must be {words(annotation)}.")
    return fitted


MISFIT = object()


def fit(value: Any, annotation: Any) -> Any:
    """The value as the annotation's type, or a mark that it cannot be. Whole numbers pass for real ones."""
    if annotation is Any or annotation is inspect.Parameter.empty:
        return value
    origin = typing.get_origin(annotation)
    if origin in (typing.Union, types.UnionType):
        fits = (fit(value, choice) for choice in typing.get_args(annotation))
        return next((f for f in fits if f is not MISFIT), MISFIT)
    if origin is tuple and isinstance(value, list | tuple):
        inner = [fit(v, typing.get_args(annotation)[0]) for v in value]
        return MISFIT if MISFIT in inner else tuple(inner)
    if annotation in (None, type(None)):
        return value if value is None else MISFIT
    if annotation is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, bool) and annotation is not bool:
        return MISFIT
    kind = origin or annotation
    if kind is Callable:
        return value if callable(value) else MISFIT
    return value if isinstance(kind, type) and isinstance(value, kind) else MISFIT


def words(annotation: Any) -> str:
    """A type as people say it."""
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", type(None): "none"}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(words(choice) for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) is tuple:
        return f"a list ({words(typing.get_args(annotation)[0])} each)"
    if typing.get_origin(annotation) is Callable:
        return "a schedule"
    if typing.get_origin(annotation) is Sequence:
        return "a list, as JSON"
    return names.get(annotation, str(annotation))
