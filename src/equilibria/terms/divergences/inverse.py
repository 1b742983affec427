"""The density ratio that Jeffreys' critic speaks of: Lambert's W in log form, where e^(1-t) would overflow."""

from typing import Any

import torch
from torch import Tensor, expm1
from torch.nn.functional import relu, sigmoid

_STEPS = 6  # of Newton: from an error below 0.7 to rounding


def log_ratio(t: Tensor) -> Tensor:
    """The s with 1 + s - e^(-s) = t, which is -log W(e^(1-t)): the log of the ratio u with f'(u) = t."""
    return _LogRatio.apply(t)


class _LogRatio(torch.autograd.Function):
    """Its derivative is the sigmoid of itself, so that it can be differentiated again."""

    generate_vmap_rule = True

    @staticmethod
    def forward(t: Tensor) -> Tensor:
        s = relu(t - 1) - torch.log1p(relu(1 - t))
        for _ in range(_STEPS):
            s = s - (s - expm1(-s) - t) * sigmoid(s)
        return s

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor], output: Tensor) -> None:
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (s,) = ctx.saved_tensors
        return gradient * sigmoid(s)
