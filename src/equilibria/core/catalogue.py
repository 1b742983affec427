"""Catalogues: parts by name, with their options. The only registration that an extension needs."""

import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial, wraps
from typing import Any, NamedTuple, Self

from .errors import Refusal, nearest


class Entry(NamedTuple):
    """A row of a catalogue's table."""

    name: str
    summary: str  # the first line of the builder's docstring
    options: dict[str, inspect.Parameter]  # the keywords that a user may set


class Catalogue(Mapping[str, Callable[..., Any]]):
    """A table of parts: name -> builder."""

    def __init__(self, kind: str, **builders: Callable[..., Any]):
        self.kind, self._builders, self._former = kind, builders, dict[str, str]()
        self.adapt: Callable[[Any], Callable[..., Any]] = as_builder  # from a user's own part to a builder of it

    @classmethod
    def of(cls, kind: str, *builders: Callable[..., Any]) -> Self:
        """The table of builders under their own names."""
        return cls(kind, **{builder.__name__: builder for builder in builders})

    def renamed(self, **names: str) -> Self:
        """The same table, which also reads former names of entries: old to new."""
        self._former = names
        return self

    def adapting(self, adapt: Callable[[Any], Callable[..., Any]]) -> Self:
        """The same table, which makes builders of users' own parts by this function."""
        self.adapt = adapt
        return self

    def __getitem__(self, name: str) -> Callable[..., Any]:
        name = self._former.get(name, name)
        if name not in self._builders:
            raise Refusal(f"No {self.kind} is called {name!r}.{nearest(name, self)}")
        return self._builders[name]

    def __contains__(self, name: object) -> bool:
        return name in self._builders or name in self._former

    def __iter__(self) -> Iterator[str]:
        return iter(self._builders)

    def __len__(self) -> int:
        return len(self._builders)

    def describe(self) -> list[Entry]:
        """Name, first docstring line and options of every entry, for help texts and tables."""
        return [Entry(name, summary(builder), options(builder)) for name, builder in self._builders.items()]


def as_builder(part: Any) -> Callable[..., Any]:
    """A builder of a user's own part: the same function or class; of an instance, a function that returns it."""
    return part if inspect.isroutine(part) or inspect.isclass(part) else lambda: part


def required(function: Callable[..., Any]) -> list[str]:
    """The arguments without a default. Raises Refusal for a function whose signature cannot be read."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (ValueError, TypeError):
        raise Refusal(f"{function!r} has no readable signature: put it into a function of your own.") from None
    variadic = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return [p.name for p in parameters if p.default is p.empty and p.kind not in variadic]


def with_options(function: Callable[..., Any], finish: Callable[..., Any] = lambda own: own) -> Callable[..., Any]:
    """A builder of a user's own function, or of a copy of a module, then finished; its keywords are the options."""

    def build(**keywords: Any) -> Any:
        own = copy.deepcopy(function)
        return finish(partial(own, **keywords) if keywords else own)

    vars(build)["__signature__"] = inspect.Signature(
        [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in options(function).values()]
    )
    build.__annotations__ = getattr(function, "__annotations__", {})
    build.__name__, build.__doc__ = getattr(function, "__name__", type(function).__name__), function.__doc__
    return build


def summary(builder: Callable[..., Any]) -> str:
    """The first line of a docstring."""
    return (inspect.getdoc(builder) or "").split("\n")[0]


def options(builder: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    """What a user may set: the keywords with a default, only those after the `*` if there is one.

    The other parameters are context, from the caller.
    """
    parameters = inspect.signature(builder).parameters
    keywords = {name: p for name, p in parameters.items() if p.kind is p.KEYWORD_ONLY}
    return {name: p for name, p in (keywords or parameters).items() if p.default is not inspect.Parameter.empty}


Builder = Callable[..., Any]
_FORMER = "former_names"


def renamed_options(**former: str) -> Callable[[Builder], Builder]:
    """Decorate a builder whose options had other names, `old="new"`: it takes both, tables and help show the new."""

    def decorate(builder: Builder) -> Builder:
        @wraps(builder)
        def build(*context: Any, **options: Any) -> Any:
            return builder(*context, **current_names(build, options, builder.__name__))

        vars(build)[_FORMER] = former
        return build

    return decorate


def with_fields(**groups: Any) -> Callable[[Builder], Builder]:
    """Decorate a builder that takes options together, as dataclasses: users set their fields, with these defaults."""
    keywords = [
        inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group, f.name), annotation=f.type)
        for group in groups.values()
        for f in fields(group)
    ]

    def decorate(builder: Builder) -> Builder:
        @wraps(builder)
        def build(*context: Any, **options: Any) -> Any:
            for name, group in groups.items():
                own = {f.name: options.pop(f.name) for f in fields(group) if f.name in options}
                options[name] = replace(group, **own)
            return builder(*context, **options)

        signature = inspect.signature(builder)
        others = [p for name, p in signature.parameters.items() if name not in groups]
        parameters = sorted([*keywords, *others], key=lambda p: p.kind)
        vars(build)["__signature__"] = signature.replace(parameters=parameters)
        build.__annotations__ = {p.name: p.annotation for p in parameters}
        return build

    return decorate


def former_names(builder: Builder) -> dict[str, str]:
    """The current name of an option by each of its former names."""
    return getattr(builder, _FORMER, {})


def current_names(builder: Builder, options: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The options by their current names. Raises Refusal if one is set by both names."""
    former = former_names(builder)
    for old, new in former.items():
        if old in options and new in options:
            raise Refusal(f"{where} sets {new} twice, also by its former name {old}: set {new} only.")
    return {former.get(name, name): value for name, value in options.items()}
