"""What a divergence says it measures, and at which strength."""

from collections.abc import Callable

import torch
from torch import Tensor

from ...terms.divergences import Divergence
from ..claims import Answer
from .base import no, number, yes

_POINTS = torch.linspace(-2, 2, 41, dtype=torch.float64)
_CRITICS: dict[str, Callable[[Tensor], Tensor]] = {
    "of constant score 0": torch.zeros_like,
    "of constant score 1": torch.ones_like,
    "of constant score -1": lambda x: -torch.ones_like(x),
    "of constant score 0.5": lambda x: torch.full_like(x, 0.5),
    "that scores x as x": lambda x: x,
    "that scores x as -x": lambda x: -x,
    "that scores x as sin 3x": lambda x: torch.sin(3 * x),
}


def bounded(make: Callable[[], Divergence]) -> Answer:
    """Where the model equals the data, no critic may read more than 0: the estimate is a lower bound."""
    divergence = make()
    if divergence.estimate is None:
        return yes("no estimate")
    for words, critic in _CRITICS.items():
        scores = critic(_POINTS)
        pairs = divergence.critic(scores.repeat_interleave(len(scores)), scores.repeat(len(scores)))
        reads = divergence.estimate(float(pairs.mean()))
        if not reads <= 1e-9:
            return no(
                number(reads),
                f"the estimate is no lower bound: with model and data the same it reads {number(reads)} for a critic "
                f"{words}, where no reading may exceed 0.",
            )
    return yes("at most 0")


def proportioned(make: Callable[[], Divergence]) -> Answer:
    """A loss that is linear in the scores is the Wasserstein game: fake - real, neither halved nor doubled."""
    real, fake = torch.meshgrid(_POINTS, _POINTS, indexing="ij")
    losses = make().critic(real.flatten(), fake.flatten())
    if losses.numel() != real.numel():
        return yes("not per sample")
    table = losses.detach().view_as(real)
    slope_real = float((table[-1, 0] - table[0, 0]) / 4)
    slope_fake = float((table[0, -1] - table[0, 0]) / 4)
    plane = table[0, 0] + slope_real * (real + 2) + slope_fake * (fake + 2)
    if not torch.allclose(plane, table, atol=1e-9):
        return yes("not linear")
    if abs(slope_fake + slope_real) < 1e-9 and slope_fake > 0 and abs(slope_fake - 1) > 1e-9:
        return no(
            f"{number(slope_fake)} (fake - real)",
            f"the critic's loss is {number(slope_fake)} (fake - real): a penalty of weight 10 weighs "
            f"{number(10 / slope_fake)} against it, and the estimate is {number(slope_fake)} times the distance; the "
            f"papers' is fake - real.",
        )
    return yes("fake - real")
