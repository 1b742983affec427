"""Lazy values that torch.compile can trace."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

Value = TypeVar("Value")


class once(Generic[Value]):  # noqa: N801 - a decorator, named like `property`
    """A property computed at first use, then kept.

    `functools.cached_property` takes a lock before Python 3.12, which Dynamo cannot trace.
    """

    def __init__(self, compute: Callable[[Any], Value]):
        self.compute, self.__doc__ = compute, compute.__doc__
        self.name = compute.__name__

    @overload
    def __get__(self, owner: None, _: Any = None) -> "once[Value]": ...

    @overload
    def __get__(self, owner: object, _: Any = None) -> Value: ...

    def __get__(self, owner: Any, _: Any = None) -> Any:
        if owner is None:
            return self
        value = self.compute(owner)
        setattr(owner, self.name, value)  # shadows this descriptor from now on
        return value
