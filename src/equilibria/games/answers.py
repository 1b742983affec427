"""How a foreseen critic answers: one step of an optimizer that can be differentiated through. The table registers."""

from collections.abc import Callable
from itertools import count

import torch
from torch import Tensor

from ..core.catalogue import Catalogue
from ..terms.gradients import Weights

Answer = Callable[[Weights, Weights], Weights]  # weights and the slopes at them, to the next weights


def descent(lr: float) -> Answer:
    """Straight down the gradient, as in the paper's equations (Metz et al. 2017, eq. 7)."""
    return lambda weights, slopes: {name: weight - lr * slopes[name] for name, weight in weights.items()}


def adam(lr: float, beta1: float = 0.5, beta2: float = 0.999, eps: float = 1e-8) -> Answer:
    """Adam from fresh moments, differentiated through (after Metz et al. 2017, whose experiments unroll Adam)."""
    first, second, steps = dict[str, Tensor](), dict[str, Tensor](), count(1)

    def answer(weights: Weights, slopes: Weights) -> Weights:
        t, moved = next(steps), Weights()
        for name, weight in weights.items():
            zero, slope = torch.zeros_like(weight), slopes[name]
            first[name] = torch.lerp(slope, first.get(name, zero), beta1)
            second[name] = torch.lerp(slope.square(), second.get(name, zero), beta2)
            scale = (second[name] / (1 - beta2**t) + eps**2).sqrt()  # smooth at zero, where eps beside the root is not
            moved[name] = weight - lr * first[name] / (1 - beta1**t) / scale
        return moved

    return answer


ANSWERS = Catalogue("answer of a critic", descent=descent, adam=adam)
