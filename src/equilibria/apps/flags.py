"""The flags of a command line: from signatures to text, and from text to values.

Signatures are read from source code, so that help waits for no import.
"""

import ast
import inspect
import json
import operator
import re
import types
import typing
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, reduce
from importlib.resources import files
from itertools import pairwise
from typing import Any, NamedTuple

from ..core.errors import Refusal
from ..core.specs import dashed, parse, type_in_words

Values = dict[str, Any]  # by name, with underscores: text, or True without a value
_TYPES: dict[str, Any] = {kind.__name__: kind for kind in (int, float, str, bool)}
_TYPES |= dict.fromkeys(("LabelQuery", "LatentQuery", "Samples"), str)
_SINGULAR = {"labels": "label", "labels_to": "label_to", "layers": "layer"}  # parameters whose flag names one


class Flag(NamedTuple):
    """A parameter that can be set on the command line."""

    parameter: str
    type: Any
    default: Any
    help: str

    @property
    def name(self) -> str:
        """As it is typed, but with underscores and without dashes."""
        return _SINGULAR.get(self.parameter, self.parameter).rstrip("_")

    def value(self, text: Any) -> Any:
        """The text as the flag's type. Raises Refusal if it cannot be."""
        if text is True and self.type is not bool:
            raise Refusal(f"{dashed(self.name)} needs a value: {type_in_words(self.type)}.")
        return parse(text, self.type, dashed(self.name))

    def row(self, default: Any) -> tuple[str, str, str, str]:
        """A line of help: name, type, default, meaning."""
        return dashed(self.name), metavar(self.type), as_text(default) or "-", self.help


def split_words(tokens: Sequence[str], switches: Iterable[str] = ()) -> tuple[list[str], Values]:
    """The plain words, and the flags with their values: --name VALUE, --name=VALUE, or --name for a switch."""
    plain, flags, rest = list[str](), Values(), list(tokens)
    while rest:
        token = rest.pop(0)
        if not token.startswith("-") or token == "-":
            plain.append(token)
            continue
        if not token.startswith("--"):
            example = "--count 5" if token.startswith("-n") else "--seed 1"
            raise Refusal(f"{token} is not a flag: flags are whole words, such as {example}.")
        name, equals, value = token[2:].partition("=")
        name = name.replace("-", "_")
        if name in flags:
            raise Refusal(f"{token.partition('=')[0]} is given twice.")
        follows = bool(rest) and not rest[0].startswith("--") and name not in switches
        flags[name] = value if equals else rest.pop(0) if follows else True
    return plain, flags


def merge_flags(*sources: str) -> dict[str, Flag]:
    """The flags of several functions or records by name; the later definition wins."""
    flags, texts = dict[str, Flag](), dict[str, str]()
    for source in sources:
        node = _definition(source)
        texts |= arguments(ast.get_docstring(node) or "") | _attribute_docs(node)
        flags |= {flag.name: flag for flag in _flags(node)}
    return {name: flag._replace(help=texts.get(flag.parameter, "")) for name, flag in flags.items()}


def sections(docstring: str) -> dict[str, str]:
    """The sections of a docstring: Args, Example (Python), Examples (command lines), and "" for what is before."""
    parts = re.split(r"^(Args|Examples?):\n", inspect.cleandoc(docstring), flags=re.MULTILINE)
    return {"": parts[0].strip()} | {
        title: inspect.cleandoc(" " * 4 + text) for title, text in zip(parts[1::2], parts[2::2], strict=True)
    }


def arguments(docstring: str) -> dict[str, str]:
    """The text of each argument in the section Args."""
    texts = re.findall(r"^(\w+): (.*(?:\n +.*)*)", sections(docstring).get("Args", ""), re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in texts}


def metavar(annotation: Any) -> str:
    """A type as a placeholder for its values, without none."""
    names = {int: "int", float: "float", bool: "true|false", str: "text", tuple: "list", Callable: "schedule"}
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return "|".join(metavar(choice) for choice in typing.get_args(annotation) if choice is not type(None))
    return names.get(typing.get_origin(annotation) or annotation, "json")


def as_text(value: Any) -> str:
    """A value as it is typed."""
    if isinstance(value, list | tuple):
        return json.dumps(value) if any(isinstance(v, dict) for v in value) else ",".join(map(str, value))
    if isinstance(value, float):
        return min(repr(value), f"{value:.4g}", key=len)
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value)


@cache
def _module(name: str) -> ast.Module:
    return ast.parse((files("equilibria") / f"{name.replace('.', '/')}.py").read_text("utf-8"))


def _definition(source: str) -> ast.FunctionDef | ast.ClassDef:
    """The source code of a function or class, `module:name`."""
    module, _, name = source.partition(":")
    return next(n for n in _module(module).body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == name)


def _flags(node: ast.FunctionDef | ast.ClassDef) -> Iterator[Flag]:
    """The parameters or fields with a default and a type that text can have; positional-only ones are words."""
    for name, annotation, default in _fields(node) if isinstance(node, ast.ClassDef) else _parameters(node):
        kinds = _types(annotation)
        if str in kinds:  # any text: a list of words is one, too
            kinds = [kind for kind in kinds if typing.get_origin(kind) is not tuple]
        if default is not None and any(kinds):
            yield Flag(name, reduce(operator.or_, kinds), ast.literal_eval(default), "")


def _parameters(node: ast.FunctionDef) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    a = node.args
    defaults = [None] * (len(a.posonlyargs) + len(a.args) - len(a.defaults)) + list(a.defaults)
    positional = list(zip([*a.posonlyargs, *a.args], defaults, strict=True))[len(a.posonlyargs) :]
    for argument, default in [*positional, *zip(a.kwonlyargs, a.kw_defaults, strict=True)]:
        yield argument.arg, argument.annotation, default


def _fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.expr | None, ast.expr | None]]:
    for each in node.body:
        if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name):
            yield each.target.id, each.annotation, each.value


def _attribute_docs(node: ast.FunctionDef | ast.ClassDef) -> dict[str, str]:
    """The strings below the fields of a record."""
    body = node.body if isinstance(node, ast.ClassDef) else []
    return {
        field.target.id: str(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
    }


def _types(node: ast.expr | None) -> list[Any]:
    """The types of an annotation that text can have: of a union, several."""
    match node:
        case ast.Constant(value=None):
            return [None]
        case ast.Name(id=name):
            return [_TYPES[name]] if name in _TYPES else []
        case ast.Subscript(value=ast.Name(id="tuple" | "Sequence"), slice=inner):
            kinds = _types(inner.elts[0] if isinstance(inner, ast.Tuple) else inner)
            return [tuple[kind, ...] for kind in kinds]  # type: ignore[valid-type]
        case ast.BinOp(left=ast.Name(id="LabelQuery" | "LatentQuery")):
            return [str]  # any text: "none" can be a label
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return [*_types(left), *_types(right)]
    return []
