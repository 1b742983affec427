"""What an independent critic makes of samples that nobody has shown it."""

import math

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from ...core.errors import Refusal, nearest
from ...data import Data
from ...data.spaces import Image
from .base import Figure, Figures, Metric, Sets
from .distances import flat
from .judge import MOVES, halves, taught

_SEEN = ("samples", "features")


def held_out_critic(data: Data, *, sees: str = "samples", moves: int = MOVES, seed: int = 0) -> Metric:
    """Bound on the Jensen-Shannon divergence by a critic of its own, nats; 0 is best, log 2 the worst (Im et al. 2018).

    A small dense network learns from training data against half of the samples, and is asked about held-out data and
    the other half: nothing that it is asked about has been seen, by it or by the model. `sees` is what it looks at:
    samples (pixels as bytes keep them) or features; `moves` is how many batches it learns from, at most;
    `seed` is where the network starts. The interval is 1.96 standard errors.
    """
    if moves < 1:
        raise Refusal("The metric 'held_out_critic' needs a batch to learn from: moves of at least 1.")
    if sees not in _SEEN:
        raise Refusal(f"The metric 'held_out_critic' cannot see {sees!r}.{nearest(sees, _SEEN)}")

    def measure(sets: Sets) -> Figures:
        real, fake, train = (
            flat(_kept(data, x) if sees == "samples" else x) for x in (sets.real, sets.fake, sets.train)
        )
        return {"held_out_critic": divergence(real, fake, train, seed, moves)}

    return Metric(measure, sees=sees)


def divergence(real: Tensor, fake: Tensor, train: Tensor, seed: int = 0, moves: int = MOVES) -> Figure:
    """log 2 + (E log s(T(x)) + E log(1 - s(T(G)))) / 2 (Goodfellow et al. 2014), never above the divergence on average.

    T learns from train (K, F) and half of fake (M, F), as many of each, and is evaluated on real (N, F) and the rest.
    """
    fake, left = halves(fake, seed)
    count = min(len(train), len(fake))
    logits = taught(halves(train, seed, count / len(train))[0] if len(train) > count else train, fake, seed, moves)
    sides = [logsigmoid(side.double()) + math.log(2) for side in (logits(real), -logits(left))]
    value = sum(float(side.mean()) for side in sides) / 2
    return Figure(value, math.sqrt(sum(float(side.var()) / len(side) for side in sides)) / 2)


@torch.no_grad()
def _kept(data: Data, x: Tensor) -> Tensor:
    """Samples as files hold them: pixels (B, C, H, W) in whole steps of a byte, so that rounding betrays nobody."""
    return ((x + 1) * 127.5).round().clamp(0, 255) / 127.5 - 1 if isinstance(data.space, Image) else x
