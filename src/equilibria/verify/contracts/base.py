"""Contracts: what every entry of a catalogue must fulfil."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ...core.seeding import reseed
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


BY_HAND = "eager only"  # right, where nobody compiles it
Value = Callable[[], Tensor]


def compiled_equals_eager(fresh: Callable[[], Value], weights: Iterable[Tensor], what: str) -> Answer:
    """A value as one graph (backend aot_eager), its number and gradient beside Python's; each from a fresh start."""
    weights = list(weights)
    torch._dynamo.reset()
    eager, slopes = _value_and_gradient(fresh(), weights)
    try:
        one_graph = torch.compile(fresh(), backend="aot_eager", fullgraph=True)
        same, same_slopes = _value_and_gradient(one_graph, weights)
    except Exception as error:
        got = BY_HAND if "autograd.grad" in str(error) else "not compiled"
        return no(got, f"{what} cannot be compiled as one graph: {_reason(error)}.")
    finally:
        torch._dynamo.reset()
    if agrees(eager, same, 1e-5) and agrees(slopes, same_slopes, 1e-5):
        return yes("equal")
    return no(
        f"{number(eager)}, {number(same)}",
        f"{what} changes when it is compiled: {number(eager)} becomes {number(same)}, and its gradient moves by "
        f"{number((slopes - same_slopes).abs().max())}.",
    )


def _value_and_gradient(value: Value, weights: list[Tensor]) -> tuple[Tensor, Tensor]:
    reseed(0)
    got = value()
    gradients = torch.autograd.grad(got, weights, allow_unused=True)
    whole = [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]
    return got.detach(), torch.cat([g.flatten() for g in whole])


def _reason(error: Exception) -> str:
    """In words where we know what the compiler means, else its own first line."""
    text = str(error)
    if any(sign in text for sign in (".item()", "Tensor.item", "tolist", "data-dependent", "Data-dependent", "numpy")):
        return "it reads a value on the host (.item(), float(tensor), or `if` on a tensor); keep it a tensor"
    if "autograd.grad" in text:
        return "it calls torch.autograd.grad itself; take equilibria.terms.gradients.input_gradient instead"
    return (text.strip().splitlines() or [type(error).__name__])[0][:160].rstrip(".")
