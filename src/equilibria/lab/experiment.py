"""The records of an experiment: its settings, what it claims, and what playing it gives."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, NamedTuple

from ..drawing import Figure, Text

Value = bool | int | float | str | tuple[float, ...]
Settings = SimpleNamespace  # the value of each setting by name, and `seed`
Numbers = Mapping[str, Any]  # floats, and lists of them


class Stopped(Exception):
    """Playing was stopped on request."""


class Watch(NamedTuple):
    """Watches an experiment: `show` receives the share that is done, `stop` says whether to stop."""

    show: Callable[[float], None] | None = None
    stop: Callable[[], bool] | None = None

    def __call__(self, done: float, total: float) -> None:
        """Say that `done` of `total` steps are done. Raises Stopped on request."""
        if self.stop is not None and self.stop():
            raise Stopped
        if self.show is not None:
            self.show(done / total)


NOBODY = Watch()


@dataclass(frozen=True)
class Setting:
    """A control: a flag of the command line, a keyword in Python, a slider or a menu of the page.

    `quick` and `full` are its values in the short and the long form (`full` None: the same). Text has `choices`;
    a number lies between `low` and `high`, and so does each of a list. `frames`: the figure has a frame for several of
    its values, so that moving it computes nothing.
    """

    name: str
    quick: Value
    about: Text
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    full: Value | None = None
    frames: bool = False


class Frame(NamedTuple):
    """A figure, and the value of the setting with frames that it belongs to."""

    at: float | str
    figure: Figure


class Played(NamedTuple):
    """What playing gives: the numbers that claims read, and the frames; `opens` is the place of the one that opens."""

    numbers: Numbers
    frames: Sequence[Frame]
    opens: int = 0


class Claim(NamedTuple):
    """A sentence with the value that theory gives, the value that came out here, and whether they agree."""

    sentence: Text
    theory: str
    here: float
    holds: bool

    @property
    def measured(self) -> str:
        """The value that came out, as text."""
        return f"{self.here:.4g}" if abs(self.here) < 1 else f"{self.here:.6g}"


def equals(sentence: Text, here: float, theory: float, tolerance: float) -> Claim:
    """The value is what a formula says, within a tolerance."""
    return Claim(sentence, f"{theory:.6g} ± {tolerance:.2g}", float(here), abs(here - theory) <= tolerance)


def below(sentence: Text, here: float, bound: float) -> Claim:
    """The value is at most the bound."""
    return Claim(sentence, f"≤ {bound:.4g}", float(here), here <= bound)


def above(sentence: Text, here: float, bound: float) -> Claim:
    """The value is at least the bound."""
    return Claim(sentence, f"≥ {bound:.4g}", float(here), here >= bound)


def between(sentence: Text, here: float, low: float, high: float) -> Claim:
    """The value lies between two bounds."""
    return Claim(sentence, f"{low:.4g} to {high:.4g}", float(here), low <= here <= high)


@dataclass(frozen=True)
class Experiment:
    """A question that is answered by a computation.

    `source` names the papers (authors, year, figure or theorem). `uses` are the catalogue entries it stands on, as
    "divergence minimax". `play` computes with the library's own parts, and draws only from the default generators,
    which are seeded before. `claims` states the theory for the settings played, from the numbers alone: convergence
    first, then the finding. `answer` has three sentences in each language.
    """

    source: str
    uses: tuple[str, ...]
    settings: tuple[Setting, ...]
    play: Callable[[Settings, Watch], Played]
    claims: Callable[[Settings, Numbers], Sequence[Claim]]
    answer: Text
