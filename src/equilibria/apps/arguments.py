"""Words of a command line, taken apart and typed."""

import ast
import dataclasses
import inspect
import json
import textwrap
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, TypeVar

from ..core.errors import Refusal
from ..recipes.parts import words
from ..recipes.reading import typed

Flags = dict[str, Any]  # by name, with underscores: text, or True where nothing followed
Said = TypeVar("Said")


def split(tokens: Sequence[str], switches: Iterable[str] = ()) -> tuple[list[str], Flags]:
    """The plain words, and the flags with their values: --name VALUE, --name=VALUE, and --name alone for a switch."""
    plain, flags, rest = list[str](), Flags(), list(tokens)
    while rest:
        token = rest.pop(0)
        if not token.startswith("-") or token == "-":
            plain.append(token)
            continue
        if not token.startswith("--"):
            raise Refusal(f"{token} is no flag: flags are whole words, such as --seed 1.")
        name, equals, value = token[2:].partition("=")
        name = name.replace("-", "_")
        if name in flags:
            raise Refusal(f"{token.partition('=')[0]} is given twice.")
        follows = bool(rest) and not rest[0].startswith("--") and name not in switches
        flags[name] = value if equals else rest.pop(0) if follows else True
    return plain, flags


def fill(kind: type[Said], flags: Flags) -> Said:
    """The record of a verb's flags; those that it does not know must have been taken out before."""
    hints = typing.get_type_hints(kind)
    return kind(**{name: value_of(name, value, hints[name]) for name, value in flags.items()})


def value_of(name: str, value: Any, annotation: Any) -> Any:
    """A flag's value as its type."""
    if value is True and annotation is not bool:
        raise Refusal(f"{flag(name)} needs a value: {words(annotation)}.")
    return typed(value, annotation, flag(name))


def fields(kind: Any) -> list[str]:
    """The names of a record's flags."""
    return [field.name for field in dataclasses.fields(kind)]


def switches(kind: Any) -> list[str]:
    """Those that need no value."""
    return [name for name, hint in typing.get_type_hints(kind).items() if hint is bool]


def flag(name: str) -> str:
    """A name as it is typed."""
    return f"--{name.replace('_', '-')}"


def described(kind: Any, values: Mapping[str, Any]) -> list[tuple[str, str, str, str]]:
    """A row for each flag: its name, its type, its value if left out, and what its docstring says."""
    hints, said = typing.get_type_hints(kind), _docstrings(kind)
    return [
        (flag(f.name), metavar(hints[f.name]), shown(values.get(f.name, f.default)), said.get(f.name, ""))
        for f in dataclasses.fields(kind)
    ]


def metavar(annotation: Any) -> str:
    """A type as the word in place of a value; that it may be none goes without saying."""
    names = {int: "int", float: "float", bool: "true|false", str: "text", tuple: "list", Callable: "schedule"}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return "|".join(metavar(choice) for choice in typing.get_args(annotation) if choice is not type(None))
    return names.get(typing.get_origin(annotation) or annotation, "json")


def shown(value: Any) -> str:
    """A value as people read and type it."""
    if isinstance(value, list | tuple):
        return json.dumps(value) if any(isinstance(v, dict) for v in value) else ",".join(map(str, value))
    if isinstance(value, float):
        return min(repr(value), f"{value:.4g}", key=len)
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value)


def _docstrings(kind: Any) -> dict[str, str]:
    """What stands below each field of a dataclass."""
    try:
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body  # type: ignore[attr-defined]
    except OSError:
        return {}
    return {
        node.target.id: str(text.value.value)
        for node, text in pairwise(body)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
