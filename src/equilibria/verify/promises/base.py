"""What a promise is: a claim about anything of a kind."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ..claims import Answer, Claim, Finding

Subject = TypeVar("Subject")


@dataclass(frozen=True)
class Promise(Generic[Subject]):
    """A sentence that must be true of every subject; `examine` says in words what is wrong with one."""

    sentence: str
    source: str
    expected: str
    examine: Callable[[Callable[[], Subject]], Answer]  # of a maker: a subject that remembers is made anew
    follows: tuple[str, ...] = ()  # sentences that, being false, explain that this one is


def claims(promises: Sequence[Promise[Subject]], name: str, make: Callable[[], Subject]) -> list[Claim]:
    """The promises, as claims about one entry."""
    return [
        Claim(f"{name}: {p.sentence}" if name else p.sentence, p.source, p.expected, partial(p.examine, make), (name,))
        for p in promises
    ]


def kept(promises: Sequence[Promise[Subject]], make: Callable[[], Subject]) -> Iterator[Finding]:
    """One after the other; what a broken one explains is not looked at, and nothing is said twice."""
    broken, said = set[str](), set[str]()
    for promise, claim in zip(promises, claims(promises, "", make), strict=True):
        if broken.isdisjoint(promise.follows) and (found := claim.find()).wrong not in said:
            if not found.passed:
                broken.add(promise.sentence)
                said.add(found.wrong)
            yield found


def yes(got: str = "yes") -> Answer:
    """The promise is kept."""
    return Answer(got, True)


def no(got: str, wrong: str) -> Answer:
    """The promise is broken: what was got, and a sentence with numbers."""
    return Answer(got, False, wrong)


def misshapen(what: str, given: str, found: Tensor, count: int) -> Answer:
    """The promise of one number a sample is broken: `given` so many samples, these are not (count,)."""
    how, shape = "already reduced" if found.ndim == 0 else "of the wrong shape", str(tuple(found.shape))
    return no(shape, f"{what} is {how}: {given} shape {shape}, not ({count},); the mean over samples is taken later.")


def number(value: float | Tensor) -> str:
    """As people read it: 490, 0.3333, 1.2e-07, and 0 for what is rounding."""
    value = float(value.detach() if isinstance(value, Tensor) else value)
    return "0" if abs(value) < 1e-9 else f"{value:.4g}"


def agrees(one: Tensor, other: Tensor, tolerance: float = 1e-6) -> bool:
    """Equal up to rounding."""
    return torch.allclose(one, other, rtol=tolerance, atol=tolerance)
