"""The slope of a critic, in a form that can be differentiated again."""

import torch
from torch import Tensor

from ..core.types import Critic, Views


def input_gradient(critic: Critic, views: Views) -> Tensor:
    """Gradient of each score with respect to its own views: (B, D), D over all views.

    Per-sample only if the critic treats samples independently: no batch norm.
    """
    with torch.autocast(views[0].device.type, enabled=False):  # in bf16 a slope is off by half a percent
        if torch.compiler.is_compiling():  # AOTAutograd refuses autograd.grad(create_graph=True)
            gradients = torch.func.grad(lambda views: critic(*views).sum())(views)
        else:
            views = tuple(v.detach().requires_grad_() for v in views)
            gradients = torch.autograd.grad(critic(*views).sum(), views, create_graph=True)
    return torch.cat([g.flatten(1) for g in gradients], dim=1)
