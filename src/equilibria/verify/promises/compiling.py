"""Whether a function means the same to the compiler as to Python."""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from ...core.randomness import reseed
from ..claims import Answer
from .base import agrees, no, number, yes

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
