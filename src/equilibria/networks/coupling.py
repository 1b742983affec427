"""Whether a critic's verdict on one sample depends on the others in its batch."""

import copy
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from ..core.randomness import generator, reseed
from ..core.types import Critic, Views

_ROWS = 8
_MOVED = (0, 3, 7)
_SIZES = (0.1, 1.0, 10.0)  # of the perturbations: a bend may hide one of them
_TOLERANCE = 1e-5  # relative to the largest score; rounding is 1e-7


def coupled(critic: Critic, views: Views, y: Tensor | None = None) -> bool:
    """Whether moving one row of the views, each (B, ...), moves the score of another, in training mode.

    A gradient penalty on such a critic is not a penalty on its slopes. The critic, its buffers and the default random
    state are left as they were.
    """
    with torch.random.fork_rng(), torch.no_grad():
        views, y = tuple(_rows(v) for v in views), None if y is None else _rows(y)
        score = _scorer(critic, y)
        still, again = score(views), score(views)
        if len(still) != _ROWS:
            return True
        tolerance = 4 * (still - again).abs().max() + _TOLERANCE * still.abs().max()
        return any(
            bool(((score(moved) - still).abs() > tolerance)[torch.arange(_ROWS) != row].any())
            for row, moved in _perturbed(views)
        )


def _scorer(critic: Critic, y: Tensor | None) -> Callable[[Views], Tensor]:
    """The critic's scores, (B,), from the same memories and the same random numbers each time."""

    def score(views: Views) -> Tensor:
        reseed(0)
        fresh = _opened(copy.deepcopy(critic))
        return (fresh(*views) if y is None else fresh(*views, y=y)).flatten()

    return score


def _opened(critic: Critic) -> Critic:
    """In training mode, and with weights where all are zero: what starts closed, opens later."""
    if isinstance(critic, nn.Module):
        critic.train()
        for weight in critic.parameters():
            if not weight.any():
                weight.normal_(std=0.1)
    return critic


def _perturbed(views: Views) -> Iterator[tuple[int, Views]]:
    """Copies of the views with one row moved."""
    for size in _SIZES:
        for row in _MOVED:
            moved = tuple(v.clone() for v in views)
            for i, view in enumerate(moved):
                noise = torch.randn(view[row].shape, generator=generator(row, i))
                view[row] += size * noise.to(view)
            yield row, moved


def _rows(view: Tensor) -> Tensor:
    """As many rows as are needed, repeated where there are fewer."""
    return view[torch.arange(_ROWS, device=view.device) % len(view)]
