"""What is claimed, by whom, and what was found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch


class Answer(NamedTuple):
    """What one look at the matter gave."""

    got: str
    passed: bool
    wrong: str = ""  # what is wrong, in a sentence with numbers


@dataclass(frozen=True)
class Claim:
    """A sentence that is true or false, and the way to find out."""

    sentence: str
    source: str  # authors and year
    expected: str
    how: Callable[[], Answer]
    about: tuple[str, ...] = ()  # names of the catalogue entries that it is about

    def find(self) -> "Finding":
        """The claim put to the test: the same numbers whatever ran before, and a fault of any kind counts."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            try:
                answer = self.how()
            except Exception as error:
                answer = stumbled(error)
        return Finding(self.sentence, self.source, self.expected, *answer)


@dataclass(frozen=True)
class Finding:
    """What became of a claim."""

    claim: str
    source: str
    expected: str
    got: str
    passed: bool
    wrong: str = ""


def stumbled(error: Exception) -> Answer:
    """The answer of a test that could not be carried out."""
    first = (str(error).strip().splitlines() or [""])[0][:200]
    return Answer(type(error).__name__, False, f"it raises {type(error).__name__}: {first.rstrip('.')}.")


def equals(
    sentence: str, source: str, value: Callable[[], float], expected: float, within: float, *about: str
) -> Claim:
    """A number is what theory says, give or take."""

    def how() -> Answer:
        got = value()
        return Answer(f"{got:.6g}", abs(got - expected) <= within)

    return Claim(sentence, source, f"{expected:.6g} ± {within:.1g}", how, about)


def below(sentence: str, source: str, value: Callable[[], float], bound: float, *about: str) -> Claim:
    """An error, or what should vanish, is small."""

    def how() -> Answer:
        got = value()
        return Answer(f"{got:.2g}", got <= bound)

    return Claim(sentence, source, f"at most {bound:.1g}", how, about)


def above(sentence: str, source: str, value: Callable[[], float], bound: float, *about: str) -> Claim:
    """What should be there is there."""

    def how() -> Answer:
        got = value()
        return Answer(f"{got:.4g}", got >= bound)

    return Claim(sentence, source, f"at least {bound:.4g}", how, about)
