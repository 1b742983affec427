"""Type aliases shared by all floors, and lazy attributes."""

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar, overload

from torch import Tensor

Shape = tuple[int, ...]  # of a sample, without the batch
Views = tuple[Tensor, ...]  # a critic's input, e.g. (x,) or (x, z); each (B, ...)
Critic = Callable[..., Tensor]  # critic(*views) -> (B,) scores, high for real
Terms = dict[str, Tensor]  # named summands of a player's loss, each ()


class Batch(NamedTuple):
    """Real samples and their conditions."""

    x: Tensor  # (B, *sample)
    y: Tensor | None = None  # (B, *condition)


Value = TypeVar("Value")


class lazy(Generic[Value]):  # noqa: N801 - a decorator, named like `property`
    """A property that is computed at first use and then stored.

    `functools.cached_property` takes a lock before Python 3.12, which Dynamo cannot trace.
    """

    def __init__(self, compute: Callable[[Any], Value]):
        self.compute, self.__doc__ = compute, compute.__doc__
        self.name = compute.__name__

    @overload
    def __get__(self, owner: None, _: Any = None) -> "lazy[Value]": ...

    @overload
    def __get__(self, owner: object, _: Any = None) -> Value: ...

    def __get__(self, owner: Any, _: Any = None) -> Any:
        if owner is None:
            return self
        value = self.compute(owner)
        setattr(owner, self.name, value)  # shadows this descriptor from now on
        return value
