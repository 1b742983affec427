"""One number over the rounds of a run."""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Self

_LATE = 3  # the late part is the last third of the values, and at least so many
_MOST = 0.75  # of the late values must agree


@dataclass(frozen=True)
class Series:
    """Rounds in order, and a finite number at each."""

    steps: tuple[int, ...] = ()
    values: tuple[float, ...] = ()

    @classmethod
    def of(cls, pairs: Iterable[tuple[int, Any]]) -> Self:
        """The finite numbers among values at rounds."""
        numbers = [(step, float(value)) for step, value in pairs if _is_number(value)]
        return cls(tuple(step for step, _ in numbers), tuple(value for _, value in numbers))

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def late(self) -> "Series":
        """The last third, at least three; empty where there are not so many after the first."""
        count = max(_LATE, math.ceil(len(self) / 3))
        return self[-count:] if len(self) > count else Series()

    @property
    def early(self) -> "Series":
        """What lies before the late part."""
        return self[: len(self) - len(self.late)]

    @property
    def median(self) -> float:
        """Of the values; no number where there are none."""
        return statistics.median(self.values) if self.values else math.nan

    def __getitem__(self, part: slice) -> "Series":
        return Series(self.steps[part], self.values[part])

    def after(self, step: int) -> "Series":
        """The part after this round."""
        return Series.of((at, value) for at, value in zip(self.steps, self.values, strict=True) if at > step)

    def since(self, holds: Callable[[float], bool]) -> int | None:
        """The first round from which it holds for most values to the end; None unless it holds for most late ones."""
        shown = [holds(value) for value in self.values]
        count = len(self.late)
        if not count or sum(shown[-count:]) < _MOST * count:
            return None
        starts = (i for i, yes in enumerate(shown) if yes and sum(shown[i:]) >= _MOST * (len(shown) - i))
        return self.steps[next(starts)]

    def said(self, what: str, form: str = ".3g") -> str:
        """A piece of evidence: the median of the late values, and the last, with their rounds."""
        late = self.late if len(self.late) else self
        if not len(late):
            return f"{what}: never seen"
        spelled = f"{what}: {late.values[-1]:{form}} at round {late.steps[-1]:,}"
        return spelled + (f", median {late.median:{form}} since round {late.steps[0]:,}" if len(late) > 1 else "")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
