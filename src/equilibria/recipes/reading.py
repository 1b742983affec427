"""Values as people type them: text, read as the annotation of what it is for."""

import json
import math
import re
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core.errors import Refusal
from .parts import MISFIT, Spec, fit, words

_SAID = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NOTHING = ("none", "null")


def typed(value: Any, annotation: Any, where: str) -> Any:
    """The value as the annotation's type; text is read as such. Raises Refusal if it cannot be."""
    choices = [read(value, choice) for choice in _choices(annotation)] if isinstance(value, str) else [value]
    fitted = next((f for choice in choices if (f := fit(choice, annotation)) is not MISFIT), MISFIT)
    if fitted is MISFIT or (isinstance(fitted, float) and not math.isfinite(fitted)):
        raise Refusal(f"{where} is {value!r}: it must be {words(annotation)}.")
    return fitted


def read(text: str, annotation: Any) -> Any:
    """The text as a value of one type, or a mark that it is none."""
    kind, inner = typing.get_origin(annotation) or annotation, typing.get_args(annotation)
    try:
        if kind is str:
            return text
        if kind is bool:
            return _SAID.get(text.lower(), MISFIT)
        if kind in (int, float):
            return kind(text)
        if kind is type(None):
            return None if text.lower() in _NOTHING else MISFIT
        if kind is tuple:
            return [read(word, inner[0]) for word in re.split(r"[,\s]+", text.strip("()[] ").rstrip(","))]
        return json.loads(text) if kind in (dict, list, Mapping, Sequence, Any) else MISFIT
    except ValueError:
        return MISFIT


def guessed(value: Any) -> Any:
    """A value whose type nobody has said: text that is JSON is read as such, other text stays."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def is_none(value: Any) -> bool:
    """Whether nothing is wanted here."""
    return value is None or (isinstance(value, str) and value.lower() in _NOTHING)


def as_part(value: Any, where: str) -> Spec:
    """A part's description from its name, from {"name": ..., **options}, or from that as JSON."""
    value = guessed(value) if isinstance(value, str) and value.lstrip().startswith("{") else value
    spec = dict(value) if isinstance(value, Mapping) else {"name": str(value)}
    if not isinstance(value, str | Mapping | Path) or not isinstance(spec.get("name"), str) or not spec["name"]:
        raise Refusal(f'{where} is {value!r}: it must be a name, or {{"name": ..., and options}}.')
    return spec


def _choices(annotation: Any) -> Iterator[Any]:
    """The types of a union, words last: any text is a word."""
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        yield from sorted(
            (c for c in typing.get_args(annotation) if typing.get_origin(c) is not Callable), key=lambda c: c is str
        )
    else:
        yield annotation
