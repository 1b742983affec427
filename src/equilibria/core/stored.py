"""Stored JSON: read within bounds, and held to the types that its readers expect."""

import dataclasses
import functools
import json
import types
import typing
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from .errors import Refusal, as_refusal, check_format, shorten

_BYTES = 64 << 20  # of one file, or of one line of a file of lines
_DEPTH = 32  # of nested lists and objects
_LARGEST = 1 << 64  # whole numbers are smaller


def read_json(path: Path, schema: Any = dict[str, Any], latest: int | None = None) -> Any:
    """The value in a JSON file. Raises Refusal if it cannot be read, is not what the schema says, or is of a later
    format than `latest`.
    """
    with as_refusal(f"{path} cannot be read", OSError):
        if path.stat().st_size > _BYTES:
            raise Refusal(f"{path} cannot be read: it has more than {_BYTES >> 20} MiB.")
        text = path.read_bytes()
    return parse_json(text, str(path), schema, latest)


def parse_json(text: str | bytes, where: str, schema: Any = dict[str, Any], latest: int | None = None) -> Any:
    """The value of a JSON text; `where` names it in messages. Raises Refusal as `read_json` does."""
    with as_refusal(f"{where} cannot be read as JSON", ValueError, RecursionError):
        value = json.loads(text, parse_int=_whole, parse_constant=_refuse_constant)
    if _depth(value) > _DEPTH:
        raise Refusal(f"{where} cannot be read: its lists and objects are nested more than {_DEPTH} deep.")
    if latest is not None and isinstance(value, dict):
        check_format(value, latest, where)
    require(value, schema, where)
    return value


def require(value: Any, schema: Any, where: str) -> None:
    """Raise Refusal, with the key, unless a value is what a type says.

    Types are those of JSON, lists and dictionaries of them, unions, literals, and records: a TypedDict or a dataclass
    stands for an object with its keys; those of a dataclass that have a default may be missing.
    """
    for key, expected, actual in _misfits(value, schema, ""):
        place = f"{where}: {key}" if key else where
        raise Refusal(f"{place} is {_excerpt(actual)}: it must be {_in_words(expected)}.")


def _misfits(value: Any, schema: Any, key: str) -> Iterator[tuple[str, Any, Any]]:
    """(key, type, value) of everything that does not fit."""
    origin, inner = typing.get_origin(schema), typing.get_args(schema)
    if schema is Any:
        return
    if origin in (typing.Union, types.UnionType):
        results = [list(_misfits(value, choice, key)) for choice in inner]
        if all(results):
            deeper = [each for misfits in results for each in misfits if each[0] != key]
            yield deeper[0] if deeper else (key, schema, value)
    elif origin is Literal:
        if value not in inner or isinstance(value, bool):
            yield key, schema, value
    elif _fields(schema) is not None or origin in (dict, Mapping):
        if not isinstance(value, dict):
            yield key, schema, value
            return
        for name, kind, required in _fields(schema) or [(name, inner[1], True) for name in value]:
            if name in value:
                yield from _misfits(value[name], kind, f"{key}.{name}" if key else name)
            elif required:
                yield f"{key}.{name}" if key else name, kind, _MISSING
    elif origin in (list, tuple):
        if not isinstance(value, list):
            yield key, schema, value
            return
        for place, each in enumerate(value):
            yield from _misfits(each, inner[0], f"{key}[{place}]")
    elif not _is_plain(value, schema):
        yield key, schema, value


_MISSING = object()
_WORDS = {int: "a whole number", float: "a number", str: "text", bool: "true or false", type(None): "null"}


def _is_plain(value: Any, schema: Any) -> bool:
    if schema in (None, type(None)):
        return value is None
    if schema is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, schema) and (schema is bool or not isinstance(value, bool))


@functools.cache
def _fields(schema: Any) -> list[tuple[str, Any, bool]] | None:
    """(key, type, whether it is required) of a record; None for other types."""
    if typing.is_typeddict(schema):
        hints = typing.get_type_hints(schema)
        return [(name, kind, name in schema.__required_keys__) for name, kind in hints.items()]
    if dataclasses.is_dataclass(schema):
        hints, none = typing.get_type_hints(schema), dataclasses.MISSING
        return [
            (field.name, hints[field.name], field.default is none and field.default_factory is none)
            for field in dataclasses.fields(schema)
        ]
    return None


def _in_words(schema: Any) -> str:
    origin, inner = typing.get_origin(schema), typing.get_args(schema)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_in_words(choice) for choice in inner)
    if origin is Literal:
        return " or ".join(json.dumps(choice) for choice in inner)
    if origin in (list, tuple):
        return "a list"
    return _WORDS.get(schema, "an object")


def _excerpt(value: Any) -> str:
    """A stored value as a message shows it."""
    return "missing" if value is _MISSING else shorten(json.dumps(value))


def _whole(text: str) -> int:
    if len(text) > 21 or abs(value := int(text)) >= _LARGEST:
        raise ValueError(f"the number {text[:20]}... is too large")
    return value


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _depth(value: Any) -> int:
    """How deeply lists and objects are nested."""
    depth, level = 0, [value]
    while level and depth <= _DEPTH:
        level = [
            inner
            for each in level
            if isinstance(each, dict | list)
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        depth += 1
    return depth
