"""Which way the two losses of a divergence pull."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence
from ..claims import Answer
from .base import no, number, yes

_REACH = 3.0  # scores looked at, up and down


def critic_side(make: Callable[[], Divergence]) -> Answer:
    """The critic's loss is lowest where real scores lie above fake ones."""
    real, fake = best_scores(make())
    if real > fake:
        up, down, _ = _slopes(make(), real, fake)
        if up < 0 < down:
            return yes(f"slopes {number(up)}, {number(down)}")
    if real < fake:
        return no(
            f"real {number(real)}, fake {number(fake)}",
            f"signs swapped in the critic's loss: it is lowest at real score {number(real)} and fake score "
            f"{number(fake)}; scores must be high for real.",
        )
    if real == fake:
        return no("flat", "the critic's loss does not tell real from fake: no scores between -3 and 3 lower it.")
    still = "real" if up >= 0 else "fake"
    return no(
        f"slopes {number(up)}, {number(down)}",
        f"the critic's loss gives no direction: it does not move with {still} scores (slopes {number(up)} in the real "
        f"and {number(down)} in the fake score, where it should fall and rise).",
    )


def generator_side(make: Callable[[], Divergence]) -> Answer:
    """Where the critic pushes fake scores down, the generator's loss pushes them up."""
    divergence = make()
    _, down, pull = _slopes(divergence, *best_scores(divergence))
    if pull < 0:
        return yes(f"slope {number(pull)}")
    if pull == 0:
        return no("slope 0", "the generator's loss does not depend on the fake scores: the generator learns nothing.")
    return no(
        f"slope {number(pull)}",
        f"the generator pulls the wrong way: the critic's loss rises with fake scores (slope {number(down)}), and so "
        f"does the generator's (slope {number(pull)}), where it must fall: both lower the scores of fake samples.",
    )


def best_scores(divergence: Divergence) -> tuple[float, float]:
    """The real and the fake score, each between -3 and 3, of least loss; of ties, the two that lie closest."""
    marks = torch.linspace(-_REACH, _REACH, 31, dtype=torch.float64)
    real, fake = (grid.flatten() for grid in torch.meshgrid(marks, marks, indexing="ij"))
    with torch.no_grad():
        losses = torch.stack([divergence.critic(r[None], f[None]).sum() for r, f in zip(real, fake, strict=True)])
    ties = losses <= losses.min() + 1e-12
    chosen = torch.where(ties, (real - fake).abs(), torch.inf).argmin()
    return float(real[chosen]), float(fake[chosen])


def _slopes(divergence: Divergence, real: float, fake: float) -> tuple[float, float, float]:
    """Of the critic's loss in the real and the fake score, and of the generator's in the fake one.

    A quarter of the way inwards from the best scores, since where a game of sum zero is won all slopes vanish.
    """
    inwards = (real - fake) / 4
    scores = torch.tensor([real - inwards, fake + inwards], dtype=torch.float64)
    up, down = _gradient(divergence.critic, scores)
    return up, down, _gradient(divergence.generator, scores)[1]


def _gradient(loss: Callable[[Tensor, Tensor], Tensor], scores: Tensor) -> tuple[float, float]:
    scores = scores.clone().requires_grad_()
    value = loss(scores[:1], scores[1:]).sum()
    if not value.requires_grad:
        return 0.0, 0.0
    gradient = torch.autograd.grad(value, scores)[0]
    return float(gradient[0]), float(gradient[1])
