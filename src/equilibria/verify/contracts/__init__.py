"""Contracts: what every entry of a catalogue, and every part of a user's own, must satisfy."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

import torch
from torch import Tensor

from ...core.errors import first_line
from ...core.seeding import reseed
from ..claims import Claim, Measurement, Verdict

Part = TypeVar("Part")


@dataclass(frozen=True)
class Clause(Generic[Part]):
    """A sentence that must be true of every part."""

    sentence: str
    source: str
    expected: str
    measure: Callable[[Callable[[], Part]], Measurement]  # of a builder: a part with a state is built afresh
    requires: tuple[Callable[..., Measurement], ...] = ()  # the measurements of clauses that this one presumes


def claims_about(contract: Sequence[Clause[Part]], builders: Mapping[str, Callable[[], Part]]) -> list[Claim]:
    """The clauses as claims about each entry."""
    return [
        Claim(f"{name}: {c.sentence}" if name else c.sentence, c.source, c.expected, partial(c.measure, build))
        for name, build in builders.items()
        for c in contract
    ]


def verdicts(contract: Sequence[Clause[Part]], build: Callable[[], Part]) -> Iterator[Verdict]:
    """One clause after the other, without those that require a broken one; the same fault is reported once."""
    failed, faults = set[Callable[..., Measurement]](), set[str]()
    for clause, claim in zip(contract, claims_about(contract, {"": build}), strict=True):
        if failed.isdisjoint(clause.requires) and (verdict := claim.check()).fault not in faults:
            if not verdict.holds:
                failed.add(clause.measure)
                faults.add(verdict.fault)
            yield verdict


def holds(value: str) -> Measurement:
    """The clause is satisfied."""
    return Measurement(value, True)


def broken(value: float | Tensor | str, fault: str) -> Measurement:
    """The clause is not satisfied: the value, and what is wrong in a sentence with numbers."""
    return Measurement(value if isinstance(value, str) else number(value), False, fault)


def wrong_shape(what: str, cause: str, values: Tensor, count: int) -> Measurement:
    """There is not one number per sample: these values, from `cause` (such as "64 scores give"), are not (count,)."""
    how, shape = "already reduced" if values.ndim == 0 else "of the wrong shape", str(tuple(values.shape))
    return broken(shape, f"{what} is {how}: {cause} shape {shape}, not ({count},); the mean over samples comes later.")


def number(value: float | Tensor) -> str:
    """For people: 490, 0.3333, 1.2e-07, and 0 for a rounding error."""
    value = float(value.detach() if isinstance(value, Tensor) else value)
    return "0" if abs(value) < 1e-9 else f"{value:.4g}"


def close(one: float, other: float, tolerance: float = 1e-6) -> bool:
    """Equal within a tolerance, relative for large numbers."""
    return abs(one - other) <= tolerance * (1 + abs(other))


EAGER_ONLY = "eager only"  # the value of a gradient that is right, but cannot be compiled
Value = Callable[[], Tensor]


def compiled_equals_eager(fresh: Callable[[], Value], weights: Iterable[Tensor], what: str) -> Measurement:
    """A value and its gradient, compiled as one graph (aot_eager), against Python's; each from a fresh start."""
    weights = list(weights)
    torch._dynamo.reset()
    value, gradient = _value_and_gradient(fresh(), weights)
    try:
        compiled = torch.compile(fresh(), backend="aot_eager", fullgraph=True)
        compiled_value, compiled_gradient = _value_and_gradient(compiled, weights)
    except Exception as error:
        got = EAGER_ONLY if "autograd.grad" in str(error) else "not compiled"
        return broken(got, f"{what} cannot be compiled as one graph: {_reason(error)}.")
    finally:
        torch._dynamo.reset()
    if all(torch.allclose(*pair, 1e-5, 1e-5) for pair in ((value, compiled_value), (gradient, compiled_gradient))):
        return holds("equal")
    return broken(
        f"{number(value)}, {number(compiled_value)}",
        f"{what} changes when it is compiled: {number(value)} becomes {number(compiled_value)}, and its gradient "
        f"changes by {number((gradient - compiled_gradient).abs().max())}.",
    )


def _value_and_gradient(value: Value, weights: list[Tensor]) -> tuple[Tensor, Tensor]:
    reseed(0)
    result = value()
    gradients = torch.autograd.grad(result, weights, materialize_grads=True)
    return result.detach(), torch.cat([g.flatten() for g in gradients])


def _reason(error: Exception) -> str:
    """What the compiler means where we know it, else the first line of its message."""
    text = str(error)
    if any(sign in text for sign in (".item()", "Tensor.item", "tolist", "data-dependent", "Data-dependent", "numpy")):
        return "it reads a value on the host (.item(), float(tensor), or `if` on a tensor); keep it a tensor"
    if "autograd.grad" in text:
        return "it calls torch.autograd.grad itself; use equilibria.terms.gradients.input_gradient instead"
    return first_line(error)[:160].rstrip(".")
