"""Specs: parts as plain values, {"name": ..., **options}; how they are checked and built, and how text is parsed."""

import importlib
import inspect
import json
import math
import re
import sys
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from .catalogue import Catalogue, current_names, options
from .errors import Refusal, nearest, shorten, user_frame

PYTHON = "<python>:"  # before the name of a part that no module has


class Own(str):
    """The name of a user's own part, with the function or the instance, which no file stores."""

    part: Any

    def __new__(cls, part: Any, name: str | None = None) -> "Own":
        title = getattr(part, "__qualname__", type(part).__qualname__).rpartition(".")[2]
        own = super().__new__(cls, name or f"{PYTHON}{title}")
        own.part = part
        return own

    def __deepcopy__(self, _: Any) -> "Own":
        return self


def own_name(part: Any) -> str:
    """The name of a user's own part: module:function if a module has it, so that another process can import it."""
    module, name = getattr(part, "__module__", ""), getattr(part, "__qualname__", "")
    stored = module not in ("", "__main__") and getattr(sys.modules.get(module), name, None) is part
    return Own(part, f"{module}:{name}" if stored else None)


def is_part(value: Any) -> bool:
    """Whether a value can be a user's own part: a function, a class, an instance, or several functions."""
    several = isinstance(value, tuple) and len(value) > 0 and all(map(callable, value))
    return several or callable(value) or is_dataclass(value)


def import_function(name: str, kind: str) -> Callable[..., Any]:
    """The function `module:function`. Only for names from the user, never for those in stored files."""
    module, _, attribute = name.partition(":")
    if name.startswith(PYTHON):
        role = kind.replace(" ", "_")
        raise Refusal(f"The {kind} {attribute!r} is your own, and no file stores it: pass it in Python, as {role}=....")
    if (here := str(Path.cwd())) not in sys.path:
        sys.path.append(here)  # last: its modules must not take the place of installed ones
    try:
        function = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise Refusal(f"The {kind} {name!r} cannot be imported: {error}.") from error
    except AttributeError:
        raise Refusal(f"The module {module!r} has no {attribute!r}: check the {kind} {name!r}.") from None
    if not callable(function):
        raise Refusal(f"The {kind} {name!r} is not a function.")
    return typing.cast(Callable[..., Any], function)


Spec = dict[str, Any]  # {"name": ..., **options}: plain values


_FORMER_CONTEXT = {"outlet": "output_activation", "beside": "second_view"}  # which users' builders may still name


def make(catalogue: Catalogue, spec: Spec, where: str, **context: Any) -> Any:
    """The part of a spec, built from its options and the context. Raises Refusal for a wrong name or option."""
    builder = builder_of(catalogue, spec["name"])
    options = current_names(builder, {name: value for name, value in spec.items() if name != "name"}, where)
    checked = {name: check(builder, name, value, f"{where}.{name}") for name, value in options.items()}
    parameters = inspect.signature(builder).parameters
    context |= {old: context[new] for old, new in _FORMER_CONTEXT.items() if new in context}
    arguments = {name: value for name, value in context.items() if name in parameters} | checked
    if missing := [name for name, p in parameters.items() if _is_required(p) and name not in arguments]:
        raise Refusal(f"{where} cannot be built: {spec['name']!r} needs {', '.join(missing)}, not available here.")
    try:
        return builder(**arguments)
    except Refusal:
        raise
    except ValueError as error:  # from a library
        raise Refusal(f"{where} cannot be built: {error}.") from error
    except Exception as error:
        if ":" not in spec["name"]:
            raise
        place = f" ({place})" if (place := user_frame(error)) else ""
        raised = f"{spec['name']} raised {type(error).__name__}: {error}"
        raise Refusal(f"{where} cannot be built: {raised}{place}.") from error


def dashed(name: str) -> str:
    """The name of an option as it is typed."""
    return f"--{name.rstrip('_').replace('_', '-')}"


def _is_required(parameter: inspect.Parameter) -> bool:
    variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
    return parameter.default is parameter.empty and not variadic


def builder_of(catalogue: Catalogue, name: str) -> Callable[..., Any]:
    """The catalogue's entry, or the user's `module:function`, also from the current folder."""
    if ":" not in name:
        return catalogue[name]
    return catalogue.adapt(name.part if isinstance(name, Own) else import_function(name, catalogue.kind))


def check(builder: Callable[..., Any], option: str, value: Any, where: str) -> Any:
    """The value of an option as the type of its annotation. Raises Refusal if the option or the value does not fit."""
    valid = options(builder)
    if option not in valid:
        raise Refusal(f"{where} is not an option of {getattr(builder, '__name__', builder)!r}.{nearest(option, valid)}")
    annotation = typing.get_type_hints(builder).get(option, Any)
    result = fit(value, annotation)
    if result is MISFIT:
        raise Refusal(f"{where} is {excerpt(value)}: it must be {type_in_words(annotation)}.")
    return _bounded(result, where)


MISFIT = object()


def fit(value: Any, annotation: Any) -> Any:
    """The value as the annotation's type, or MISFIT. Whole numbers are accepted as real ones."""
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


def type_in_words(annotation: Any) -> str:
    """A type in words: "a whole number"."""
    names = {int: "a whole number", float: "a number", bool: "true or false", str: "a word", type(None): "none"}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return " or ".join(type_in_words(choice) for choice in typing.get_args(annotation))
    if typing.get_origin(annotation) is tuple:
        return f"a list ({type_in_words(typing.get_args(annotation)[0])} each)"
    if typing.get_origin(annotation) is Callable:
        return "a schedule"
    if typing.get_origin(annotation) is Sequence:
        return "a list, as JSON"
    return names.get(annotation, str(annotation))


_BOOLEANS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NONE = ("none", "null")


def parse(value: Any, annotation: Any, where: str) -> Any:
    """The value as the annotation's type; text is parsed. Raises Refusal if it does not fit."""
    choices = [parse_text(value, choice) for choice in _choices(annotation)] if isinstance(value, str) else [value]
    result = next((f for choice in choices if (f := fit(choice, annotation)) is not MISFIT), MISFIT)
    if result is MISFIT or (isinstance(result, float) and not math.isfinite(result)):
        raise Refusal(f"{where} is {excerpt(value)}: it must be {type_in_words(annotation)}.")
    return _bounded(result, where)


def _bounded(value: Any, where: str) -> Any:
    """The same value. Raises Refusal for a whole number beyond 64 bits, or one in a list."""
    for number in value if isinstance(value, tuple) else (value,):
        if isinstance(number, int) and not -(1 << 63) <= number < 1 << 63:
            raise Refusal(f"{where} is {excerpt(number)}: whole numbers have at most 18 digits here.")
    return value


def excerpt(value: Any) -> str:
    """A value as a message shows it, the start of a long one."""
    try:
        text = repr(value)
    except ValueError:  # more digits than Python writes
        return "a number of thousands of digits"
    return shorten(text)


def parse_text(text: str, annotation: Any) -> Any:
    """The text as a value of one type, or MISFIT."""
    kind, inner = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    try:
        if kind is str:
            return text
        if kind is bool:
            return _BOOLEANS.get(text.lower(), MISFIT)
        if kind in (int, float):
            return kind(text)
        if kind is type(None):
            return None if text.lower() in _NONE else MISFIT
        if kind is tuple:
            if inner[0] is str:  # names and paths hold spaces and parentheses
                return [word for part in text.split(",") if (word := part.strip())]
            return [parse_text(word, inner[0]) for word in re.split(r"[,\s]+", text.strip("()[] ").rstrip(","))]
        return json.loads(text) if kind in (dict, list, Mapping, Sequence, Any) else MISFIT
    except (ValueError, RecursionError):
        return MISFIT


def parse_json(value: Any) -> Any:
    """Text that is JSON as its value; other text and values unchanged."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value


def is_none(value: Any) -> bool:
    """Whether a value is None, also as text."""
    return value is None or (isinstance(value, str) and value.lower() in _NONE)


def as_spec(value: Any, where: str) -> Spec:
    """The spec of a part from its name, from {"name": ..., **options}, or from that as JSON."""
    value = parse_json(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    value = {"name": value} if is_part(value) else value
    spec = dict(value) if isinstance(value, Mapping) else {"name": str(value)}
    if is_part(spec.get("name")):
        spec["name"] = own_name(spec["name"])
    if not isinstance(value, str | Mapping | Path) or not isinstance(spec.get("name"), str) or not spec["name"]:
        raise Refusal(f'{where} is {excerpt(value)}: it must be a name, or {{"name": ..., and options}}.')
    return spec


def _choices(annotation: Any) -> Iterator[Any]:
    """The types of a union, str last, since any text is one."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(annotation) if typing.get_origin(kind) is not Callable]
        yield from sorted(kinds, key=lambda kind: kind is str)
    else:
        yield annotation
