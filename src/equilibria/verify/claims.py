"""A claim: a sentence, its source, the expected value, and the measurement that decides it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch


class Measurement(NamedTuple):
    """What was measured, whether the claim holds, and if not what is wrong, in a sentence with numbers."""

    value: str
    holds: bool
    fault: str = ""


@dataclass(frozen=True)
class Claim:
    """A sentence that is true or false, and how to find out."""

    sentence: str
    source: str  # as in "Mao et al. (2017)"
    expected: str
    measure: Callable[[], Measurement]
    about: tuple[str, ...] = ()  # catalogue entries; if empty, the one that starts the sentence, as in "hinge: ..."

    @property
    def entries(self) -> tuple[str, ...]:
        """The names of the catalogue entries that the claim is about."""
        first, colon, _ = self.sentence.partition(": ")
        return self.about or ((first.split()[0],) if colon else ())

    def check(self) -> "Verdict":
        """Measure, with the same random numbers whatever ran before; any error means that the claim does not hold."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                measurement = self.measure()
            except Exception as error:
                measurement = Measurement(type(error).__name__, False, f"it raises {in_words(error)}.")
        return Verdict(self, *measurement)


class Verdict(NamedTuple):
    """A claim with its measurement."""

    claim: Claim
    value: str
    holds: bool
    fault: str = ""


def in_words(error: Exception) -> str:
    """The kind of an error and the first line of its message, without a full stop."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0][:200]}".rstrip(": .")


Value = Callable[[], float]
ValueOf = Callable[[str], float]  # of a name


def equals(sentence: str, source: str, value: Value, expected: float, tolerance: float, *about: str) -> Claim:
    """A number is what theory says, within a tolerance."""
    words = f"{expected:.6g} ± {tolerance:.1g}"
    return Claim(sentence, source, words, _measure(value, ".6g", lambda x: abs(x - expected) <= tolerance), about)


def below(sentence: str, source: str, value: Value, bound: float, *about: str) -> Claim:
    """A number, such as an error, is at most the bound."""
    return Claim(sentence, source, f"at most {bound:.1g}", _measure(value, ".2g", lambda x: x <= bound), about)


def above(sentence: str, source: str, value: Value, bound: float, *about: str) -> Claim:
    """A number is at least the bound."""
    return Claim(sentence, source, f"at least {bound:.4g}", _measure(value, ".4g", lambda x: x >= bound), about)


def below_each(names: Iterable[str], sentence: str, source: str, value: ValueOf, bound: float) -> list[Claim]:
    """The same claim about several entries: `value` of each name is at most the bound."""
    return [below(f"{name}: {sentence}", source, partial(value, name), bound) for name in names]


def _measure(value: Value, digits: str, holds: Callable[[float], bool]) -> Callable[[], Measurement]:
    def measure() -> Measurement:
        number = value()
        return Measurement(f"{number:{digits}}", holds(number))

    return measure
